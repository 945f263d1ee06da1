/**
 * Byte shuffle: all first bytes of the elements, then all second bytes, and so on; makes numbers compress better. Bytes after
 * the last whole element stay as they are.
 */

/** Shuffles `bytes` of elements of `size` bytes. */
export function shuffle(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const shuffled = new Uint8Array(bytes.length);
  for (let byte = 0; byte < size; byte++) {
    const plane = byte * count;
    for (let index = 0, from = byte; index < count; index++, from += size) shuffled[plane + index] = bytes[from]!;
  }
  shuffled.set(bytes.subarray(count * size), count * size);
  return shuffled;
}

/** The inverse of {@link shuffle}. */
export function unshuffle(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const plain = new Uint8Array(bytes.length);
  for (let byte = 0; byte < size; byte++) {
    const plane = byte * count;
    for (let index = 0, to = byte; index < count; index++, to += size) plain[to] = bytes[plane + index]!;
  }
  plain.set(bytes.subarray(count * size), count * size);
  return plain;
}
