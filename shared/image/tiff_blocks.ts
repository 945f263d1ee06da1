/**
 * What the TIFF library needs to read files of big-endian bytes right: its undoing of predictors and its lists of offsets that
 * lie far from their directory take every file for little-endian.
 */
import { type GeoTIFFImage, getDecoder } from "geotiff";

type DecoderParameters = Parameters<typeof getDecoder>[1];

const mended = new WeakSet<object>();

/** Makes the library read the long lists of a page's directory in the byte order of the file; before they are read. */
export function mendByteOrder(image: GeoTIFFImage): void {
  if (image.littleEndian) return;
  for (const list of image.fileDirectory.deferredArrays.values()) {
    // Pages of one number share their directory.
    if (mended.has(list)) continue;
    mended.add(list);
    const { source, itemSize } = list;
    list.source = {
      async fetch(...request: Parameters<typeof source.fetch>) {
        const pieces = await source.fetch(...request);
        return pieces.map((piece) => reversedItems(new Uint8Array(piece), itemSize).buffer);
      },
    } as typeof source;
  }
}

/** Undoes compression and predictor of blocks of a big-endian file; for `readRasters`, which knows it as a pool. */
export const bigEndianBlocks = {
  bindParameters: (compression: number, parameters: DecoderParameters) => ({
    async decode(block: ArrayBuffer): Promise<ArrayBufferLike> {
      const { predictor, tileWidth, bitsPerSample } = parameters;
      const decoder = await getDecoder(compression, { ...parameters, predictor: 1 });
      const decoded = await decoder.decode(block);
      if (predictor === 1) return decoded;
      const sampleBytes = Number(typeof bitsPerSample === "number" ? bitsPerSample : bitsPerSample[0]) / 8;
      const bytes = new Uint8Array(decoded);
      const rowBytes = tileWidth * sampleBytes;
      for (let start = 0; start + rowBytes <= bytes.length; start += rowBytes) {
        const row = bytes.subarray(start, start + rowBytes);
        if (predictor === 2) undoDifferences(row, sampleBytes);
        else if (predictor === 3) undoFloatDifferences(row, sampleBytes);
        else throw new Error(`predictor ${predictor} is not known`);
      }
      return decoded;
    },
  }),
};

/** Predictor 2: every sample is stored as its difference from the one before, modulo its range. */
function undoDifferences(row: Uint8Array, sampleBytes: number): void {
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  for (let at = sampleBytes; at < row.length; at += sampleBytes) {
    const before = at - sampleBytes;
    if (sampleBytes === 1) row[at]! += row[before]!;
    else if (sampleBytes === 2) view.setUint16(at, view.getUint16(at) + view.getUint16(before));
    else if (sampleBytes === 4) view.setUint32(at, view.getUint32(at) + view.getUint32(before));
    else throw new Error(`differences of samples of ${8 * sampleBytes} bits are not read`);
  }
}

/** Predictor 3 (Adobe's Technical Note 3): differences of bytes, of which the most significant of all samples come first. */
function undoFloatDifferences(row: Uint8Array, sampleBytes: number): void {
  for (let at = 1; at < row.length; at++) row[at]! += row[at - 1]!;
  const planes = row.slice();
  const samples = row.length / sampleBytes;
  for (let sample = 0; sample < samples; sample++) {
    for (let byte = 0; byte < sampleBytes; byte++) row[sample * sampleBytes + byte] = planes[byte * samples + sample]!;
  }
}

function reversedItems(bytes: Uint8Array, itemBytes: number): Uint8Array<ArrayBuffer> {
  const reversed = new Uint8Array(bytes);
  for (let start = 0; start < reversed.length; start += itemBytes) {
    reversed.subarray(start, start + itemBytes).reverse();
  }
  return reversed;
}
