/** How TIFFs are compressed: names, and what is read. */

const NAMES: Readonly<Record<number, string>> = {
  1: "none",
  2: "CCITT",
  3: "CCITT",
  4: "CCITT",
  5: "LZW",
  6: "JPEG",
  7: "JPEG",
  8: "deflate",
  32773: "PackBits",
  32946: "deflate",
  33003: "JPEG 2000",
  33005: "JPEG 2000",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  50000: "zstd",
  50001: "WebP",
  50002: "JPEG XL",
};

/** Only those of which it is known before decoding how much they decode to: other decoders make room for whatever the data say. */
const READ: ReadonlySet<number> = new Set([1, 5, 6, 7, 8, 32773, 32946, 50000]);

/** Name of a value of the tag Compression. */
export function compressionName(code: number): string {
  return NAMES[code] ?? `compression ${code}`;
}

/** True if voxels that are stored like this can be read. */
export function isReadCompression(code: number): boolean {
  return READ.has(code);
}
