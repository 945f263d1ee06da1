/** Copies of voxels that leave turns of the event loop to other work. */
import type { Box, Vec3 } from "shared/volume/geometry.ts";
import type { VoxelData } from "./deconvolver.ts";

/** Voxels copied between two turns of the event loop: about 5 ms of copying. */
const COPY_VOXELS = 2 ** 22;

/** Copies `source` into `target`, a piece a turn; uint16 is widened to float32 where the target is. */
export async function copyInPieces(source: VoxelData, target: VoxelData): Promise<void> {
  for (let start = 0; start < source.length; start += COPY_VOXELS) {
    target.set(source.subarray(start, start + COPY_VOXELS), start);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Copies a part of a box, both x contiguous, into memory of its own, some rows a turn. */
export async function copyPartInPieces(
  source: Float32Array,
  [, ny, nx]: Vec3,
  { part: { start: [z, y, x], shape: [depth, height, width] }, into }: {
    readonly part: Box;
    readonly into: Float32Array;
  },
): Promise<void> {
  const rowsATurn = Math.max(1, Math.floor(COPY_VOXELS / width));
  for (let row = 0; row < depth * height; row++) {
    const from = ((z + Math.floor(row / height)) * ny + y + row % height) * nx + x;
    into.set(source.subarray(from, from + width), row * width);
    if ((row + 1) % rowsATurn === 0) await new Promise((resolve) => setTimeout(resolve));
  }
}
