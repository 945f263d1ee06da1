/**
 * Byte orders and predictors of TIFFs. Of the TIFF library, lists of offsets that lie far from their directory take every file for
 * little-endian.
 */
import type { GeoTIFFImage } from "geotiff";
import { swapBytes } from "shared/volume/byte_order.ts";

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

interface SampleForm {
  /** 1 none, 2 differences of samples, 3 differences of the bytes of floats. */
  readonly predictor: number;
  readonly rowBytes: number;
  readonly itemBytes: number;
  readonly littleEndian: boolean;
}

/**
 * Turns whole rows of samples, as they are once decompressed, into numbers of this machine, in place.
 *
 * @param bytes begin at a multiple of the item
 * @throws {Error} for a predictor that is not known
 */
export function undoPredictor(bytes: Uint8Array, { predictor, rowBytes, itemBytes, littleEndian }: SampleForm): void {
  // Bytes of floats are stored by their significance, whatever the order of bytes in the file.
  if (predictor !== 3 && !littleEndian) swapBytes(bytes, itemBytes);
  if (predictor === 1) return;
  const undoRow = { 2: undoDifferences, 3: undoFloatDifferences }[predictor];
  if (undoRow === undefined) throw new Error(`predictor ${predictor} is not known`);
  for (let start = 0; start < bytes.length; start += rowBytes) {
    undoRow(bytes.subarray(start, start + rowBytes), itemBytes);
  }
}

/** Predictor 2: every sample is stored as its difference from the one before, modulo its range. */
function undoDifferences({ buffer, byteOffset, length }: Uint8Array, itemBytes: number): void {
  if (itemBytes === 8) {
    const row = new BigUint64Array(buffer, byteOffset, length / 8);
    for (let x = 1; x < row.length; x++) row[x]! += row[x - 1]!;
    return;
  }
  const Row = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[itemBytes]!;
  const row = new Row(buffer as ArrayBuffer, byteOffset, length / itemBytes);
  let sample = 0;
  for (let x = 0; x < row.length; x++) row[x] = sample = sample + row[x]! | 0;
}

/** Predictor 3 (Adobe's Technical Note 3): differences of bytes, of which the most significant of all samples come first. */
function undoFloatDifferences(row: Uint8Array, itemBytes: number): void {
  for (let at = 1; at < row.length; at++) row[at]! += row[at - 1]!;
  const planes = row.slice();
  const samples = row.length / itemBytes;
  for (let byte = 0; byte < itemBytes; byte++) {
    const plane = (itemBytes - 1 - byte) * samples;
    for (let sample = 0; sample < samples; sample++) row[sample * itemBytes + byte] = planes[plane + sample]!;
  }
}

function reversedItems(bytes: Uint8Array, itemBytes: number): Uint8Array<ArrayBuffer> {
  const reversed = new Uint8Array(bytes);
  for (let start = 0; start < reversed.length; start += itemBytes) {
    reversed.subarray(start, start + itemBytes).reverse();
  }
  return reversed;
}
