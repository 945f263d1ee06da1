/** Turning numbers of one byte order into those of the other. */

/**
 * Reverses the bytes of each item in place.
 *
 * @param bytes whole items, of which the first lies at a multiple of its size
 * @param itemBytes 1, 2, 4 or 8
 */
export function swapBytes(bytes: Uint8Array, itemBytes: number): void {
  const { buffer, byteOffset, byteLength } = bytes;
  if (itemBytes === 2) {
    const items = new Uint16Array(buffer, byteOffset, byteLength / 2);
    for (let i = 0; i < items.length; i++) items[i] = items[i]! << 8 | items[i]! >>> 8;
  } else if (itemBytes === 4) {
    swapWords(new Uint32Array(buffer, byteOffset, byteLength / 4));
  } else if (itemBytes === 8) {
    const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
    swapWords(words);
    for (let i = 0; i < words.length; i += 2) [words[i], words[i + 1]] = [words[i + 1]!, words[i]!];
  }
}

function swapWords(words: Uint32Array): void {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    words[i] = word << 24 | (word & 0xff00) << 8 | (word >>> 8 & 0xff00) | word >>> 24;
  }
}
