/** Byte shuffle beside its definition. */
import { assertEquals } from "@std/assert";
import { shuffleInto, unshuffleInto } from "shared/codec/blosc/shuffle.ts";

/** Bytes that repeat nowhere near. */
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 0xff);

/** The definition: byte `b` of element `i` goes to `b * count + i`. */
function shuffled(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const target = bytes.slice();
  for (let i = 0; i < count; i++) for (let b = 0; b < size; b++) target[b * count + i] = bytes[i * size + b]!;
  return target;
}

for (const size of [1, 2, 3, 4, 8, 16]) {
  Deno.test(`elements of ${size} bytes are shuffled and put back, whatever their number and place`, () => {
    // Less than a group of 16 elements, whole groups, a whole strip and more; bytes beyond the last element; odd addresses.
    for (const elements of [0, 1, 15, 16, 17, 160, 2 ** 13, 2 ** 14 + 16, 40_000 + 9]) {
      for (const [extra, offset] of [[0, 0], [1, 3]] as const) {
        const length = elements * size + (size > 1 ? extra : 0);
        const bytes = new Uint8Array(bytesOf(length + offset).buffer, offset);
        const wanted = shuffled(bytes, size);
        const [there, back] = [new Uint8Array(length + offset), new Uint8Array(length + offset)];
        shuffleInto(there.subarray(offset), bytes, size);
        assertEquals(there.subarray(offset), wanted, `${elements} elements`);
        unshuffleInto(back.subarray(offset), wanted, size);
        assertEquals(back.subarray(offset), bytes, `${elements} elements, back`);
      }
    }
  });
}
