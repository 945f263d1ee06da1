/** Warnings about what a plan computes beside what it keeps. */
import type { Plan } from "shared/contract/plan.ts";
import type { Warning } from "shared/contract/problem.ts";
import { formatVec3, voxelCount } from "shared/volume/geometry.ts";

/** Voxels computed for each that is kept: what a PSF as long as the tile takes, twice its length along each of three axes. */
const MAX_INFLATION = 8;

/** Less than this is computed in about a second: twenty iterations of 12 ns a voxel on two CPU cores. */
const MIN_EXCESS_VOXELS = 2 ** 22;

/** A warning where most of the work is for the reach of the PSF around what is kept, as of a small crop and a large PSF. */
export function overlapWarnings(
  { source, inflation, voxels, tile, grid, psf }: Pick<
    Plan,
    "source" | "inflation" | "voxels" | "tile" | "grid" | "psf"
  >,
): Warning[] {
  const computed = Math.round(inflation * voxels);
  if (inflation <= MAX_INFLATION || computed - voxels < MIN_EXCESS_VOXELS) return [];
  const isCut = voxelCount(grid) > 1;
  const mends = [
    ...(isCut ? ["a larger --tile or --memory"] : []),
    ...(!isCut && source.selection?.box ? ["a larger --crop, which takes hardly longer"] : []),
    "a smaller --halo, or a smaller PSF (psf crop)",
  ];
  return [{
    code: "overlap",
    level: "warning",
    message: `${computed.toLocaleString("en")} voxels are computed and ${voxels.toLocaleString("en")} of them kept, ` +
      `${inflation.toFixed(0)} for each one: the PSF (${formatVec3(psf.shape)}) reaches far beyond the ` +
      `${formatVec3(tile)} voxels of ${isCut ? "a tile" : "what is kept"}; give ${mends.join(", ")}`,
    value: inflation,
    limit: MAX_INFLATION,
  }];
}
