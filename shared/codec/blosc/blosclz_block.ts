/** Blocks of BloscLZ, c-blosc's own relative of FastLZ: literals of up to 32 bytes, and matches with what came before. */
import { copyLiterals, copyMatch, cutShort, lengthEnd } from "./lz77_copy.ts";

/** Matches of distances from here on have two bytes more. */
const FAR = 8191;

/**
 * Boundary between a literal's length (below) and a match, which has its length in the upper 3 bits and its distance in the lower
 * 5.
 */
const FIRST_MATCH = 32;

const SHORTEST_MATCH = 3;

/**
 * Decompresses a block that fills `target` exactly.
 *
 * @throws {Error} if the block is damaged, or holds more or less
 */
export function blosclzInto(target: Uint8Array, packed: Uint8Array): void {
  const end = packed.length;
  // The upper bits of the first byte are a mark of the format.
  let control = packed[0]! & (FIRST_MATCH - 1);
  let from = 1;
  let to = 0;
  for (;;) {
    if (control < FIRST_MATCH) {
      copyLiterals(target, to, packed, from, control + 1);
      from += control + 1;
      to += control + 1;
    } else {
      let length = (control >> 5) - 1;
      if (length === 6) {
        const last = lengthEnd(packed, from);
        length += 255 * (last - from) + packed[last]!;
        from = last + 1;
      }
      const low = packed[from++]!;
      const high = (control & 31) << 8;
      let distance = high + low;
      if (low === 255 && high === 31 << 8) {
        distance = FAR + (packed[from]! << 8) + packed[from + 1]!;
        from += 2;
      }
      if (!(from <= end)) throw cutShort();
      copyMatch(target, to, distance + 1, length + SHORTEST_MATCH);
      to += length + SHORTEST_MATCH;
    }
    if (from >= end) break;
    control = packed[from++]!;
  }
  if (to !== target.length) throw cutShort();
}
