/** Compressors of the blocks of Blosc frames, by the number in the frame's flags (README_CHUNK_FORMAT.rst). */
import { inflateSync } from "node:zlib";
import { blosclzInto } from "./blosclz_block.ts";
import { lz4Into } from "./lz4_block.ts";
import { cutShort } from "./lz77_copy.ts";
import { snappyInto } from "./snappy_block.ts";
import { zstdDecompressInto } from "../zstd.ts";

/** Decompresses what fills `target` exactly, and throws an Error if `packed` does not. */
export type DecompressInto = (target: Uint8Array, packed: Uint8Array) => void;

/** The decompressors; LZ4 and LZ4HC differ in how they compress only. */
export const BLOSC_CODECS: readonly DecompressInto[] = [
  blosclzInto,
  lz4Into,
  snappyInto,
  inflateInto,
  zstdDecompressInto,
];

/** Room beyond the content, in which a block that holds more is noticed. */
const SPARE_BYTES = 64;

function inflateInto(target: Uint8Array, packed: Uint8Array): void {
  const plain = inflateSync(packed, { maxOutputLength: target.length, chunkSize: target.length + SPARE_BYTES });
  if (plain.length !== target.length) throw cutShort();
  target.set(plain);
}
