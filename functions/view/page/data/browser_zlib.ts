/**
 * The functions of node:zlib that shared/codec calls, for browsers; the bundle takes this file in its place. DEFLATE by fflate
 * and Zstandard by fzstd, since browsers have neither as a function that answers at once.
 */
import { gunzipSync as gunzip, unzlibSync } from "fflate";
import { decompress } from "fzstd";

interface Limits {
  readonly maxOutputLength: number;
}

/** Numbers of zstd.h. */
export const constants = { ZSTD_e_end: 2, ZSTD_c_compressionLevel: 100 };

/** A stream without a native handle: who wants one takes the functions instead. */
export function createZstdDecompress(): object {
  return {};
}

/** As {@link createZstdDecompress}. */
export function createZstdCompress(): object {
  return {};
}

/** The page writes no image. */
export function zstdCompressSync(): never {
  throw new Error("this program reads Zstandard and does not write it");
}

/** Decodes a Zstandard frame. @throws {Error} for damaged bytes, and for more than `maxOutputLength` */
export function zstdDecompressSync(bytes: Uint8Array, limits: Limits): Uint8Array {
  return within(decompress(bytes), limits);
}

/** Decodes a gzip file, as {@link zstdDecompressSync}. */
export function gunzipSync(bytes: Uint8Array, limits: Limits): Uint8Array {
  return within(gunzip(bytes), limits);
}

/** Decodes a zlib stream, as {@link zstdDecompressSync}. */
export function inflateSync(bytes: Uint8Array, limits: Limits): Uint8Array {
  return within(unzlibSync(bytes), limits);
}

function within(plain: Uint8Array, { maxOutputLength }: Limits): Uint8Array {
  if (plain.length <= maxOutputLength) return plain;
  throw new Error(`it holds more than the ${maxOutputLength} bytes that were expected`);
}
