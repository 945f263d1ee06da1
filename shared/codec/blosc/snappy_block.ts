/** Blocks of Snappy (format_description.txt): their length, then literals and copies of what came before. */
import { copyLiterals, copyMatch, cutShort } from "./lz77_copy.ts";

/** Lengths of literals from here on are in the next 1 to 4 bytes. */
const LENGTH_FOLLOWS = 60;

/**
 * Decompresses a block that fills `target` exactly.
 *
 * @throws {Error} if the block is damaged, or holds more or less
 */
export function snappyInto(target: Uint8Array, packed: Uint8Array): void {
  const end = packed.length;
  let from = 0;
  const little = (bytes: number): number => {
    let value = 0;
    for (let byte = 0; byte < bytes; byte++) value += packed[from++]! * 2 ** (8 * byte);
    return value;
  };
  let promised = 0;
  for (let bits = 0; bits < 35; bits += 7) {
    const byte = packed[from++]!;
    promised += (byte & 127) * 2 ** bits;
    if (byte < 128) break;
  }
  if (promised !== target.length) throw cutShort();
  let to = 0;
  while (from < end) {
    const tag = packed[from++]!;
    const kind = tag & 3;
    const code = tag >> 2;
    if (kind === 0) {
      const length = 1 + (code < LENGTH_FOLLOWS ? code : little(code - LENGTH_FOLLOWS + 1));
      copyLiterals(target, to, packed, from, length);
      from += length;
      to += length;
    } else {
      const length = kind === 1 ? 4 + (code & 7) : 1 + code;
      const distance = kind === 1 ? ((tag >> 5) << 8) + little(1) : little(kind === 2 ? 2 : 4);
      if (!(from <= end)) throw cutShort();
      copyMatch(target, to, distance, length);
      to += length;
    }
  }
  if (to !== target.length) throw cutShort();
}
