/** Blocks of LZ4 (lz4_Block_format.md): literals, then matches with what came before, each behind a token of their lengths. */
import { takeBytes } from "shared/process/recycle_memory.ts";
import { copyLiterals, copyMatch, cutShort, lengthEnd } from "./lz77_copy.ts";

const SHORTEST_MATCH = 4;

/** A length of 15 in a token goes on in bytes, up to the first that is not 255. */
const LENGTH_GOES_ON = 15;

/**
 * Decompresses a block that fills `target` exactly.
 *
 * @throws {Error} if the block is damaged, or holds more or less
 */
export function lz4Into(target: Uint8Array, packed: Uint8Array): void {
  const end = packed.length;
  let from = 0;
  let to = 0;
  while (from < end) {
    const token = packed[from++]!;
    let literals = token >> 4;
    if (literals === LENGTH_GOES_ON) {
      const last = lengthEnd(packed, from);
      literals += 255 * (last - from) + packed[last]!;
      from = last + 1;
    }
    copyLiterals(target, to, packed, from, literals);
    from += literals;
    to += literals;
    // The last sequence has no match.
    if (from === end) break;
    const distance = packed[from]! | (packed[from + 1]! << 8);
    from += 2;
    let match = token & 15;
    if (match === LENGTH_GOES_ON) {
      const last = lengthEnd(packed, from);
      match += 255 * (last - from) + packed[last]!;
      from = last + 1;
    }
    if (from > end) throw cutShort();
    copyMatch(target, to, distance, match + SHORTEST_MATCH);
    to += match + SHORTEST_MATCH;
  }
  if (to !== target.length) throw cutShort();
}

/**
 * Decompresses a block behind its length, 4 bytes, little-endian: LZ4 as numcodecs has it.
 *
 * @param limit bytes that the block may hold at most
 * @throws {Error} if the block is damaged, or holds more
 */
export function decodeLz4(bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.length < 4) throw new Error("the length is missing");
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  if (length > limit) throw new Error(`it says that it holds ${length} bytes, which is too much for its chunk`);
  const plain = takeBytes(length);
  lz4Into(plain, bytes.subarray(4));
  return plain;
}
