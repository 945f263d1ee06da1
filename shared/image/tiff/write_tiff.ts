/**
 * Writes stacks as plain TIFF 6.0: little-endian, uncompressed float32, one strip and one page per z, with the description that
 * ImageJ reads voxel sizes from.
 */
import { ClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";

interface TiffStack {
  readonly shape: Vec3;
  /** x contiguous. */
  readonly values: Float32Array;
  /** Voxel spacing in z, y, x, micrometre. */
  readonly spacingMicrometre?: Vec3;
}

const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;
const [ASCII, SHORT, LONG, RATIONAL] = [2, 3, 4, 5];

/** One directory entry; a value longer than 4 bytes is the offset of the value. */
type Entry = readonly [tag: number, type: number, count: number, value: number];

/**
 * Encodes a stack as a TIFF.
 *
 * @throws {ClearstackError} `unsupported` above 4 GiB, where TIFF's offsets end
 */
export function encodeTiff({ shape, values, spacingMicrometre }: TiffStack): Uint8Array {
  const [depth, height, width] = shape;
  const description = new TextEncoder().encode(`${describe(depth, spacingMicrometre)}\0`);
  const resolutionAt = HEADER_BYTES;
  const descriptionAt = resolutionAt + 16;
  const pixelsAt = descriptionAt + description.length + (4 - (description.length % 4)) % 4;
  const pageBytes = 4 * height * width;
  const directoriesAt = pixelsAt + depth * pageBytes;
  const directoryBytes = 2 + ENTRY_BYTES * 14 + 4;
  const totalBytes = directoriesAt + depth * directoryBytes;
  if (totalBytes >= 2 ** 32) {
    throw new ClearstackError("unsupported", "a TIFF holds less than 4 GiB; write a Zarr instead");
  }

  const bytes = new Uint8Array(totalBytes);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0]);
  view.setUint32(4, directoriesAt, true);
  const [, spacingY, spacingX] = spacingMicrometre ?? [1, 1, 1];
  [spacingX, spacingY].forEach((spacing, index) => {
    view.setUint32(resolutionAt + 8 * index, Math.round(1e6 / spacing), true);
    view.setUint32(resolutionAt + 8 * index + 4, 1e6, true);
  });
  bytes.set(description, descriptionAt);
  const count = voxelCount(shape);
  for (let index = 0; index < count; index++) view.setFloat32(pixelsAt + 4 * index, values[index]!, true);

  for (let page = 0; page < depth; page++) {
    const at = directoriesAt + page * directoryBytes;
    writeDirectory(view, at, page === depth - 1 ? 0 : at + directoryBytes, [
      [256, LONG!, 1, width],
      [257, LONG!, 1, height],
      [258, SHORT!, 1, 32],
      [259, SHORT!, 1, 1], // not compressed
      [262, SHORT!, 1, 1], // 0 is black
      [270, ASCII!, description.length, descriptionAt],
      [273, LONG!, 1, pixelsAt + page * pageBytes],
      [277, SHORT!, 1, 1],
      [278, LONG!, 1, height],
      [279, LONG!, 1, pageBytes],
      [282, RATIONAL!, 1, resolutionAt],
      [283, RATIONAL!, 1, resolutionAt + 8],
      [296, SHORT!, 1, 1], // no unit of print
      [339, SHORT!, 1, 3], // IEEE floating point
    ]);
  }
  return bytes;
}

function describe(depth: number, spacing: Vec3 | undefined): string {
  const stack = depth > 1 ? [`images=${depth}`, `slices=${depth}`] : [];
  const size = spacing === undefined ? [] : ["unit=micron", `spacing=${spacing[0]}`];
  return ["ImageJ=1.54f", ...stack, ...size, "loop=false", ""].join("\n");
}

function writeDirectory(view: DataView, at: number, next: number, entries: readonly Entry[]): void {
  view.setUint16(at, entries.length, true);
  entries.forEach(([tag, type, count, value], index) => {
    const entry = at + 2 + ENTRY_BYTES * index;
    view.setUint16(entry, tag, true);
    view.setUint16(entry + 2, type, true);
    view.setUint32(entry + 4, count, true);
    // Little-endian, so a SHORT stands in the first two of the four bytes.
    view.setUint32(entry + 8, value, true);
  });
  view.setUint32(at + 2 + ENTRY_BYTES * entries.length, next, true);
}
