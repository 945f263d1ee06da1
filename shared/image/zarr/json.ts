/** JSON as stored: two spaces per level, so that people can read it, and the same bytes for the same value. */
export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** The inverse of {@link encodeJson}; `undefined` for no bytes and for bytes that are not JSON. */
export function decodeJson(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
