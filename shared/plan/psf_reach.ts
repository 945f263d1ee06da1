/** How far a PSF carries light. */
import type { PsfInfo } from "shared/contract/psf_info.ts";

/** Voxels from a PSF's centre within which 99.9 % of its energy lies along an axis: none where it is one voxel wide. */
export function psfReach({ radius, shape }: Pick<PsfInfo, "radius" | "shape">, axis: 0 | 1 | 2): number {
  return Math.min(radius[axis], Math.floor(shape[axis] / 2));
}
