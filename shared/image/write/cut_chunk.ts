/** Cutting chunks out of a box of voxels. */
import { copyBox, partLayout } from "shared/volume/copy_box.ts";
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { takeBytes } from "shared/process/recycle_memory.ts";
import type { ChunkValues } from "../image.ts";

/** Voxels to cut, and where they lie. */
export interface CutFrom {
  readonly core: Box;
  readonly values: ChunkValues;
  /** Box that the values are of, x contiguous. @default {the core} */
  readonly box?: Box | undefined;
}

/** A chunk, counted from the core's corner, and its shape. */
export interface ChunkPlace {
  readonly at: Vec3;
  readonly chunk: Vec3;
}

/** The bytes of one chunk of a core, full size, 0 where it reaches past the core; `at` counts chunks from the core's corner. */
export function cutChunk(
  { core, values, box = core }: CutFrom,
  { at, chunk }: ChunkPlace,
): Uint8Array<ArrayBuffer> {
  const size = values.BYTES_PER_ELEMENT;
  const inBytes = ([z, y, x]: Vec3): Vec3 => [z, y, size * x];
  const { offset, strides: [alongZ, alongY] } = partLayout(box, core);
  const start = mapAxes((axis) => at[axis] * chunk[axis]);
  const bytes = takeBytes(size * voxelCount(chunk));
  if (start.some((first, axis) => first + chunk[axis]! > core.shape[axis]!)) bytes.fill(0);
  const stored = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  copyBox(
    {
      box: { start: [0, 0, 0], shape: inBytes(core.shape) },
      values: stored,
      offset: size * offset,
      strides: [size * alongZ, size * alongY, 1],
    },
    { box: { start: inBytes(start), shape: inBytes(chunk) }, values: bytes },
  );
  return bytes;
}

/** True if every byte is 0. Negative zero is not: its sign is a bit. */
export function isZero(bytes: Uint8Array<ArrayBuffer>): boolean {
  return bytes.every((byte) => byte === 0);
}
