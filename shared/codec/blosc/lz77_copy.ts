/** Steps that the decompressors of the LZ77 family share: bytes as they are, and bytes that came before. */

/** From so many bytes on, the runtime's copy is faster than a loop. */
const WORTH_A_CALL = 64;

/** Reason why a block cannot be decompressed. */
export function cutShort(): Error {
  return new Error("a block is cut short or damaged");
}

/** Copies `length` bytes as they are. Plain numbers, since this runs for every few bytes. */
export function copyLiterals(target: Uint8Array, to: number, packed: Uint8Array, from: number, length: number): void {
  const end = to + length;
  if (from + length > packed.length || end > target.length) throw cutShort();
  if (length >= WORTH_A_CALL) target.set(packed.subarray(from, from + length), to);
  else while (to < end) target[to++] = packed[from++]!;
}

/** Repeats `length` bytes from `distance` bytes back; what is longer than that repeats itself. */
export function copyMatch(target: Uint8Array, to: number, distance: number, length: number): void {
  const end = to + length;
  let from = to - distance;
  if (distance === 0 || from < 0 || end > target.length) throw cutShort();
  if (length >= WORTH_A_CALL && distance >= length) target.copyWithin(to, from, from + length);
  else if (length >= WORTH_A_CALL && distance === 1) target.fill(target[from]!, to, end);
  else while (to < end) target[to++] = target[from++]!;
}

/** End of a length that goes on in bytes, at the first from `from` on that is not 255: each before it adds 255, that one itself. */
export function lengthEnd(packed: Uint8Array, from: number): number {
  while (packed[from] === 255) from++;
  return from;
}
