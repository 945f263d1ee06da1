import { assertEquals } from "@std/assert";
import { readXml, type XmlElement, xmlElements, xmlEscape, xmlText } from "shared/storage/http/xml.ts";

/** Levels of elements below and with one. */
function depth({ children }: XmlElement): number {
  return 1 + Math.max(0, ...children.map(depth));
}

Deno.test("elements are found by name at any level, with their texts, entities and CDATA resolved", async () => {
  const xml = await readXml(
    `\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- <Key>no</Key> --><Page xmlns="http://x/"><Key>page</Key>` +
      `<Item a="1"><Key>a&amp;b&#233;&lt;</Key></Item><List><Item><Key><![CDATA[<c>]]> d</Key></Item></List>` +
      `<Empty/></Page>`,
  );
  assertEquals([xml.name, xml.whole], ["Page", true]);
  assertEquals(xmlElements(xml, "Item").map((item) => xmlText(item, "Key")), ["a&bé<", "<c> d"]);
  assertEquals([xmlText(xml, "Key"), xmlText(xml, "Empty"), xmlText(xml, "None")], ["page", "", undefined]);
});

Deno.test("what is written with entities is read as it was", async () => {
  const key = "a<b>&\"c'\t\n\r d/日本";
  assertEquals(xmlText(await readXml(`<R><Key>${xmlEscape(key)}</Key></R>`), "Key"), key);
});

Deno.test("what is cut short, or no XML, is given up to there and called not whole", async () => {
  const cut = await readXml("<Error><Code>SlowDown</Code><Message>Please red");
  assertEquals([xmlText(cut, "Code"), cut.whole], ["SlowDown", false]);
  for (const text of ["", "busy", "<html><br></html>", "<a></b>", "<a/><b/>", "<a>\x01</a>"]) {
    assertEquals((await readXml(text)).whole, false, text);
  }
});

Deno.test("a document's own entities are not resolved, and nesting is bounded", async () => {
  const bomb = await readXml(`<!DOCTYPE a [<!ENTITY b "${"x".repeat(100)}"><!ENTITY c "&b;&b;">]><a><t>&c;</t></a>`);
  assertEquals([bomb.whole, xmlText(bomb, "t")], [false, ""]);
  const deep = await readXml("<a>".repeat(100_000));
  assertEquals([deep.whole, depth(deep)], [false, 32]);
});
