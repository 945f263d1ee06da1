/** What has to be done to a PSF before it goes with an image, known from metadata alone. */
import type { Boundary } from "shared/contract/algorithm.ts";
import type { PsfFit, PsfPlane } from "shared/contract/psf_info.ts";
import { mapAxes, sameShape, type Vec3 } from "shared/volume/geometry.ts";

/** An image, and how a PSF is to be used on it. */
export interface PsfUse {
  /** Shape of a volume of the image. */
  readonly shape: Vec3;
  readonly boundary: Boundary;
  /** What an image of one plane takes of a PSF of several. */
  readonly psfPlane: PsfPlane;
}

/**
 * The steps that fit a PSF to an image; undefined if it can be used as it is stored.
 *
 * Light from one voxel of an axis of n reaches others at most n - 1 away, so all that happens inside the image takes 2n - 1
 * voxels of the PSF about its centre: the rest only carries light from beyond the edge, which the boundary rule makes up, or out
 * of the image. In a periodic image light that leaves comes in again at the other side, and a period of n voxels is all there is.
 *
 * @param stored shape of the PSF
 */
export function chooseFit(stored: Vec3, { shape, boundary, psfPlane }: PsfUse): PsfFit | undefined {
  const flattens = shape[0] === 1 && stored[0] > 1;
  const flat: Vec3 = flattens ? [1, stored[1], stored[2]] : stored;
  const crop = mapAxes((axis) => Math.min(flat[axis], boundary === "periodic" ? shape[axis] : 2 * shape[axis] - 1));
  const crops = !sameShape(crop, flat);
  if (!flattens && !crops) return undefined;
  return { stored, ...(flattens ? { plane: psfPlane } : {}), ...(crops ? { crop } : {}) };
}
