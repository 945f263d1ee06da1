/** What has to be done to a PSF before it goes with an image, known from metadata alone. */
import type { Boundary } from "shared/contract/algorithm.ts";
import type { PsfFit, PsfPlane } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { mapAxes, sameShape, SPATIAL_AXES, type Vec3 } from "shared/volume/geometry.ts";
import { resampledSide } from "./resample_psf.ts";
import { formatSpacing, type Spacing } from "./spacing.ts";

/** An image, and how a PSF is to be used on it. */
export interface PsfUse {
  /** Shape of a volume of the image. */
  readonly shape: Vec3;
  readonly spacing: Spacing;
  readonly boundary: Boundary;
  /** What an image of one plane takes of a PSF of several. */
  readonly psfPlane: PsfPlane;
  /** Whether a PSF of another voxel size is resampled. */
  readonly psfSpacing: "match" | "keep";
}

/** A PSF as it is stored. */
export interface StoredForm {
  /** Name for messages. */
  readonly where: string;
  readonly shape: Vec3;
  readonly spacing: Spacing;
}

/** Voxel sizes that differ by less, relatively, are the same one: calibrations are no better. */
export const SAME_SPACING = 0.02;

/** Farther than this a voxel size is a mistake, or the PSF no longer says what the image needs. */
const MAX_RATIO = 4;

/**
 * The steps that fit a PSF to an image; undefined if it can be used as it is stored.
 *
 * A PSF of another voxel size is resampled so that each voxel holds the light of its own volume (resample_psf.ts): the model of
 * image formation sums, for each voxel of the image, the light of all voxels of the object, so the weight of one is the integral
 * of the PSF over a voxel, whatever voxels it was sampled in: shares of volumes, as of areas in Fruchter & Hook, Publ. Astron.
 * Soc. Pac. 114 (2002) 144. The sum is kept exactly.
 *
 * Light from one voxel of an axis of n reaches others at most n - 1 away, so all that happens inside the image takes 2n - 1
 * voxels of the PSF about its centre: the rest only carries light from beyond the edge, which the boundary rule makes up, or out
 * of the image. In a periodic image light that leaves comes in again at the other side, and a period of n voxels is all there is.
 *
 * @throws {ClearstackError} `invalid-request` for voxel sizes more than four times apart
 */
export function chooseFit(stored: StoredForm, use: PsfUse): PsfFit | undefined {
  const flattens = use.shape[0] === 1 && stored.shape[0] > 1;
  const flat: Vec3 = flattens ? [1, stored.shape[1], stored.shape[2]] : stored.shape;
  const ratio = use.psfSpacing === "keep" ? NO_CHANGE : voxelRatio(stored, flat, use);
  const sides = mapAxes((axis) => ratio[axis] === 1 ? flat[axis] : resampledSide(flat[axis], ratio[axis]));
  const crop = mapAxes((axis) => Math.min(sides[axis], usedSide(use, axis)));
  const fit = {
    ...(flattens ? { plane: use.psfPlane } : {}),
    ...(sameShape(ratio, NO_CHANGE) ? {} : { resample: ratio }),
    ...(sameShape(crop, sides) ? {} : { crop }),
  };
  return Object.keys(fit).length === 0 ? undefined : { stored: stored.shape, ...fit };
}

/** Voxels of a PSF that matter along an axis of the image. */
export function usedSide({ shape, boundary }: Pick<PsfUse, "shape" | "boundary">, axis: 0 | 1 | 2): number {
  return boundary === "periodic" ? shape[axis] : 2 * shape[axis] - 1;
}

/** Axes along which two voxel sizes are stated and are not the same. */
export function otherSpacing(one: Spacing, other: Spacing, shape: Vec3): (0 | 1 | 2)[] {
  return ([0, 1, 2] as const).filter((axis) => {
    const ratio = (one[axis] ?? NaN) / (other[axis] ?? NaN);
    return shape[axis] > 1 && Math.max(ratio, 1 / ratio) > 1 + SAME_SPACING;
  });
}

const NO_CHANGE: Vec3 = [1, 1, 1];

function voxelRatio({ where, spacing }: StoredForm, shape: Vec3, use: PsfUse): Vec3 {
  const axes = otherSpacing(spacing, use.spacing, shape);
  const ratio = mapAxes((axis) => axes.includes(axis) ? use.spacing[axis]! / spacing[axis]! : 1);
  // Roundings of the files do not count.
  const far = axes.find((axis) => Math.max(ratio[axis], 1 / ratio[axis]) > MAX_RATIO * (1 + SAME_SPACING));
  if (far === undefined) return ratio;
  throw new ClearstackError(
    "invalid-request",
    `${where} has the voxel size ${formatSpacing(spacing)}, the image ${formatSpacing(use.spacing)}: along ` +
      `${SPATIAL_AXES[far]} they are ` +
      `${
        Math.max(ratio[far], 1 / ratio[far]).toFixed(1)
      } times apart, and a PSF is resampled by at most ${MAX_RATIO}; ` +
      "mend the voxel size that is wrong, give a PSF of about this voxel size, or use it as it is with --psf-spacing keep",
    { need: Math.max(ratio[far], 1 / ratio[far]), limit: MAX_RATIO, path: "psfSpacing", value: use.psfSpacing },
  );
}
