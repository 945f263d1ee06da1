/** Cutting the part a tile owns out of the box it was computed on. */
import type { Tile } from "shared/contract/tile.ts";
import { voxelCount } from "shared/volume/geometry.ts";

/**
 * @param values the box of the tile, x contiguous
 * @returns the core of the tile, x contiguous, in memory of its own
 */
export function cropCore(values: Float32Array, { box, core }: Tile): Float32Array {
  const [, boxRows, boxColumns] = box.shape;
  const [planes, rows, columns] = core.shape;
  const [z0, y0, x0] = core.start.map((start, axis) => start - box.start[axis]!) as [number, number, number];
  const cropped = new Float32Array(voxelCount(core.shape));
  for (let z = 0; z < planes; z++) {
    for (let y = 0; y < rows; y++) {
      const from = ((z0 + z) * boxRows + y0 + y) * boxColumns + x0;
      cropped.set(values.subarray(from, from + columns), (z * rows + y) * columns);
    }
  }
  return cropped;
}
