/** The little XML that object stores speak: flat elements without attributes that matter, written by machines. */

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The contents, still marked up, of all elements of a name, in order. Elements of that name must not nest. */
export function xmlElements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, "g"))].map((match) => match[1]!);
}

/** The text of the first element of a name, or undefined. */
export function xmlText(xml: string, name: string): string | undefined {
  const content = xmlElements(xml, name)[0];
  return content === undefined ? undefined : plainText(content);
}

/** Text with its entities resolved; those that XML does not know by itself are left as they are. */
function plainText(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex, decimal, entity) =>
      entity === undefined
        ? String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16))
        : ENTITIES[entity] ?? whole,
  );
}

/** Text with the characters that XML reserves written as entities. */
export function xmlEscape(text: string): string {
  // deno-lint-ignore no-control-regex -- characters that have no other spelling in XML
  return text.replace(/[<>&"'\x00-\x1f]/g, (character) => `&#${character.charCodeAt(0)};`);
}
