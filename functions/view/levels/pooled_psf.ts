/** A PSF at the voxels of a coarser level. */
import { brightestVoxel, widthsThrough } from "shared/psf/measure/widths.ts";
import { centreVoxel, type PsfSamples, type PsfVolume } from "shared/psf/psf_volume.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";

/** A PSF that is narrower than this, full width at half height in voxels of the level, has nothing that could be undone. */
const LEAST_FWHM = 2;

/**
 * The PSF between the means of an object over cells of `steps` voxels and the means of its image: the mean of the PSF over all pairs of
 * voxels of two cells, exact for an object that is constant in each cell. Along an axis, a voxel `d` away from the middle of a
 * cell weighs `(step - |d|) / step`, so that the sum stays.
 *
 * @returns a PSF of odd sides, centred
 */
export function pooledPsf({ shape, values }: PsfSamples, steps: Vec3): PsfVolume {
  const centre = centreVoxel(shape);
  const reach = mapAxes((axis) =>
    Math.ceil((Math.max(centre[axis], shape[axis] - 1 - centre[axis]) + 0) / steps[axis])
  );
  const pooled = mapAxes((axis) => 2 * reach[axis] + 1);
  const sums = new Float64Array(voxelCount(pooled));
  const along = mapAxes((axis) =>
    Array.from({ length: shape[axis] }, (_, at) => shares(at - centre[axis], steps[axis], reach[axis]))
  );
  let index = 0;
  for (const zs of along[0]) {
    for (const ys of along[1]) {
      for (const xs of along[2]) {
        const value = values[index++]!;
        for (const z of zs) {
          for (const y of ys) {
            for (const x of xs) {
              sums[(z.cell * pooled[1] + y.cell) * pooled[2] + x.cell]! += value * z.share * y.share * x.share;
            }
          }
        }
      }
    }
  }
  return { shape: pooled, values: sums };
}

/** Cells that a voxel counts in, and how much. */
function shares(distance: number, step: number, reach: number): { readonly cell: number; readonly share: number }[] {
  const below = Math.floor(distance / step);
  const above = (distance - below * step) / step;
  return [[below, 1 - above], [below + 1, above]].filter(([, share]) => share! > 0).map(([cell, share]) => ({
    cell: cell! + reach,
    share: share!,
  }));
}

/** True if a PSF is so wide along some axis that deconvolving with it changes something. */
export function isResolved(psf: PsfSamples): boolean {
  const widths = widthsThrough(psf, brightestVoxel(psf));
  // A width that the array ends before is a large one.
  return widths.some((width, axis) => psf.shape[axis]! > 1 && (width ?? Infinity) >= LEAST_FWHM);
}
