/** Cutting the part a tile owns out of the box it was computed on. */
import type { Tile } from "shared/contract/tile.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { voxelCount } from "shared/volume/geometry.ts";

/**
 * @param values the box of the tile, x contiguous
 * @returns the core of the tile, x contiguous, in memory of its own
 */
export function cropCore(values: Float32Array, { box, core }: Tile): Float32Array {
  const cropped = new Float32Array(voxelCount(core.shape));
  copyBox({ box, values }, { box: core, values: cropped });
  return cropped;
}
