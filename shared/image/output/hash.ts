/** SHA-256 of some byte strings one after the other, each preceded by its length, in hexadecimal. */
export async function hashHex(...parts: readonly Uint8Array[]): Promise<string> {
  const total = parts.reduce((sum, part) => sum + 8 + part.length, 0);
  const joined = new Uint8Array(total);
  const view = new DataView(joined.buffer);
  let offset = 0;
  for (const part of parts) {
    view.setBigUint64(offset, BigInt(part.length), true);
    joined.set(part, offset + 8);
    offset += 8 + part.length;
  }
  return toHex(await crypto.subtle.digest("SHA-256", joined));
}

function toHex(digest: ArrayBuffer): string {
  return new Uint8Array(digest).toHex();
}
