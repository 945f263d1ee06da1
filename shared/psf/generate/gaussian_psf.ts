/** The Gaussian PSF: exact means over voxels, from the error function. */
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { erfBetween } from "./erf.ts";
import { centreVoxel, type PsfVolume } from "../psf_volume.ts";

/** Full width at half height of a Gaussian of standard deviation 1. */
export const GAUSSIAN_FWHM = 2 * Math.sqrt(2 * Math.LN2);

/**
 * A Gaussian centred on the middle of the centre voxel, integrated over each voxel; its sum is what of its light, 1, falls into
 * the array.
 *
 * @param sigma standard deviation along z, y, x in voxels; 0 where an axis has a single voxel that holds all of it
 */
export function gaussianPsf(shape: Vec3, sigma: Vec3): PsfVolume {
  const centre = centreVoxel(shape);
  const [alongZ, alongY, alongX] = shape.map((side, axis) =>
    Float64Array.from({ length: side }, (_, i) => gaussianShare(i - centre[axis], sigma[axis]))
  );
  const values = new Float64Array(voxelCount(shape));
  let index = 0;
  for (const z of alongZ) for (const y of alongY) for (const x of alongX) values[index++] = z * y * x;
  return { shape, values };
}

/** Integral of a Gaussian of integral 1 from `distance - 1/2` to `distance + 1/2`. */
function gaussianShare(distance: number, sigma: number): number {
  if (sigma === 0) return distance === 0 ? 1 : 0;
  const scale = 1 / (sigma * Math.SQRT2);
  return erfBetween((distance - 0.5) * scale, (distance + 0.5) * scale) / 2;
}
