/** The threat model is worth what its tests are: each one that docs/security.md names must be there. */
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

const readText = (path: string) => Deno.readTextFile(new URL(path, ROOT));

/** Names of the tests of a file; what a table of cases fills in is written as `…`. */
function testNames(source: string): string[] {
  const names = [...source.matchAll(/(?:Deno\.test|restateTest)\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g)];
  return names.map(([, plain, template]) => plain ?? template!.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…"));
}

Deno.test("every row of the threat model names a test that exists", async () => {
  const page = await readText("docs/security.md");
  const rows = page.slice(0, page.indexOf("## What remains")).split("\n").filter((line) =>
    /^\| (?!threat|-)/.test(line)
  );
  assert(rows.length >= 40, `${rows.length} rows`);
  const named = rows.map((row) => /`(tests\/[\w/]+_test\.ts)`: "([^"]+)"/.exec(row) ?? [row]);
  const missing: string[] = [];
  for (const [row, path, name] of named) {
    const names = path === undefined ? [] : testNames(await readText(path).catch(() => ""));
    if (name === undefined || !names.includes(name)) missing.push(name === undefined ? row! : `${path}: ${name}`);
  }
  assertEquals(missing, []);
});
