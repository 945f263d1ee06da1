/** The little XML that object stores speak. `saxes` reads it, and is loaded when some comes. */

/** Elements that may lie in each other; those of object stores are five or so. */
const MAX_DEPTH = 32;

/** An element without its attributes. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** The outermost element of a document. */
interface XmlDocument extends XmlElement {
  /** False for what is cut short, no XML, or nested too deep; then the elements up to there are given. */
  readonly whole: boolean;
}

/** Reads a document. No entities besides those of XML itself are known, so that nothing grows by being read. */
export async function readXml(xml: string): Promise<XmlDocument> {
  const { SaxesParser } = await import("./saxes_parser.ts");
  const parser = new SaxesParser();
  const nothing = { name: "", text: "", children: [] as XmlElement[] };
  const open = [nothing];
  const append = (text: string) => {
    open.at(-1)!.text += text;
  };
  parser.on("text", append);
  parser.on("cdata", append);
  parser.on("opentag", ({ name }) => {
    if (open.length > MAX_DEPTH) parser.fail(`more than ${MAX_DEPTH} elements lie in each other`);
    const element = { name, text: "", children: [] };
    open.at(-1)!.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => open.pop());
  let whole = true;
  try {
    parser.write(xml).close();
  } catch {
    whole = false;
  }
  return { ...nothing.children[0] ?? nothing, whole };
}

/** All elements of a name inside another, in order. */
export function xmlElements({ children }: XmlElement, name: string): XmlElement[] {
  return children.flatMap((child) => child.name === name ? [child] : xmlElements(child, name));
}

/** The text of the first element of a name inside another, or undefined. */
export function xmlText(element: XmlElement, name: string): string | undefined {
  return xmlElements(element, name)[0]?.text;
}

/** Text with the characters that XML reserves written as entities. */
export function xmlEscape(text: string): string {
  // deno-lint-ignore no-control-regex -- characters that have no other spelling in XML
  return text.replace(/[<>&"'\x00-\x1f]/g, (character) => `&#${character.charCodeAt(0)};`);
}
