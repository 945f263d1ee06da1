/** Cutting chunks out of a box of voxels. */
import type { Box, Vec3 } from "shared/volume/geometry.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { takeBytes } from "shared/process/recycle_memory.ts";
import type { ChunkValues } from "../image.ts";

/** The bytes of one chunk of a box, full size, 0 where it reaches past the box; `at` counts chunks from the box's corner. */
export function cutChunk(
  { core, values }: { readonly core: Box; readonly values: ChunkValues },
  { at, chunk }: { readonly at: Vec3; readonly chunk: Vec3 },
): Uint8Array<ArrayBuffer> {
  const size = values.BYTES_PER_ELEMENT;
  const stored = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const start = mapAxes((axis) => at[axis] * chunk[axis]);
  const [depth, height, width] = mapAxes((axis) => Math.min(chunk[axis], core.shape[axis] - start[axis]));
  const bytes = takeBytes(size * voxelCount(chunk));
  if (depth * height * width < voxelCount(chunk)) bytes.fill(0);
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = size * (((start[0] + z) * core.shape[1] + start[1] + y) * core.shape[2] + start[2]);
      bytes.set(stored.subarray(from, from + size * width), size * (z * chunk[1] + y) * chunk[2]);
    }
  }
  return bytes;
}

/** True if every byte is 0. Negative zero is not: its sign is a bit. */
export function isZero(bytes: Uint8Array<ArrayBuffer>): boolean {
  return bytes.every((byte) => byte === 0);
}
