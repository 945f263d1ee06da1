import { unicodeEscape } from "shared/unicode_escape.ts";
import { assertShallow } from "shared/json_depth.ts";

/**
 * JSON as stored: two spaces per level, so that people can read it, and the same bytes for the same value. ASCII alone, since
 * zarr-python 2 reads attributes in whatever encoding the system has.
 */
export function encodeJson(value: unknown): Uint8Array {
  const text = JSON.stringify(value, null, 2).replace(/[^\0-\x7f]/g, unicodeEscape);
  return new TextEncoder().encode(`${text}\n`);
}

/** The inverse of {@link encodeJson}; `undefined` for no bytes and for bytes that are not JSON. */
export function decodeJson(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined;
  try {
    assertShallow(bytes);
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
