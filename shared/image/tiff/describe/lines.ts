/** Descriptions of lines `name=value`, as Java's properties are: ImageJ's and SCIFIO's. */

/** Reads a value by its name. */
type ReadField = (name: string) => string | undefined;

/** The values, with what is spelled `\u00b5` as the character that it stands for. */
export function fieldsOf(text: string): ReadField {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n|\r/)) {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(line) ?? [];
    if (name === undefined || fields.has(name.trim())) continue;
    const plain = value!.replace(/\\u([0-9a-f]{4})/gi, (_, code) => String.fromCharCode(parseInt(code, 16)));
    fields.set(name.trim(), plain.trim());
  }
  return (name) => fields.get(name) || undefined;
}

/** A whole number of at least 1, or `otherwise`. */
export function countOf(text: string | undefined, otherwise: number): number {
  const count = Number(text ?? otherwise);
  return Number.isSafeInteger(count) && count > 0 ? count : otherwise;
}
