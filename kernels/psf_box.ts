/**
 * Puts a point spread function where a circular convolution expects it: normalised, its centre at the origin of the box.
 */
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import type { Volume } from "./deconvolver.ts";

/**
 * The kernel volume of a box: `psf / sum(psf)`, each axis rolled by `-floor(side / 2)`, zero elsewhere.
 *
 * The voxel `floor(side / 2)` counts as the centre of the PSF on every axis, for odd and even sides alike, so a delta there
 * makes the convolution the identity. The sum is taken in float64; single negative values, which background subtraction
 * leaves in measured PSFs, are kept.
 *
 * @returns `voxelCount(box)` float32 values in the layout of the box, which sum to 1
 * @throws {ClearstackError} `invalid-request` if the PSF is empty, does not match its shape or exceeds the box,
 * `corrupt-data` if it holds NaN or infinite values or its sum is not positive
 */
export function psfBox(psf: Volume, box: Vec3): Float32Array<ArrayBuffer> {
  checkShape(psf, box);
  const sum = finiteSum(psf.values);
  if (!(sum > 0)) {
    throw new ClearstackError(
      "corrupt-data",
      `the PSF must have a positive sum to be normalised, but its ${psf.values.length} values sum to ${sum}; ` +
        "check that the right array was given and that not too much background was subtracted",
    );
  }
  const placed = new Float32Array(voxelCount(box));
  const [depth, height, width] = psf.shape;
  let source = 0;
  for (let z = 0; z < depth; z++) {
    const plane = rolled(z, depth, box[0]) * box[1];
    for (let y = 0; y < height; y++) {
      const row = (plane + rolled(y, height, box[1])) * box[2];
      for (let x = 0; x < width; x++) placed[row + rolled(x, width, box[2])] = psf.values[source++] / sum;
    }
  }
  return placed;
}

/** Index on a box axis of `boxSide` voxels of sample `index` of a PSF axis of `psfSide` samples. */
function rolled(index: number, psfSide: number, boxSide: number): number {
  return (index - Math.floor(psfSide / 2) + boxSide) % boxSide;
}

function checkShape({ shape, values }: Volume, box: Vec3): void {
  if (voxelCount(shape) === 0 || values.length === 0) {
    throw new ClearstackError("invalid-request", `the PSF is empty (shape ${formatVec3(shape)}); give one with voxels`);
  }
  if (values.length !== voxelCount(shape)) {
    throw new ClearstackError(
      "invalid-request",
      `the PSF has ${values.length} values but its shape ${formatVec3(shape)} needs ${voxelCount(shape)}`,
    );
  }
  if (shape.some((side, axis) => side > box[axis])) {
    throw new ClearstackError(
      "invalid-request",
      `the PSF of ${formatVec3(shape)} voxels is larger than the box of ${
        formatVec3(box)
      }; crop the PSF or enlarge the box`,
    );
  }
}

function finiteSum(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  // A NaN or infinity anywhere makes the float64 sum NaN or infinite; finite float32 values cannot overflow it.
  if (!Number.isFinite(sum)) {
    throw new ClearstackError("corrupt-data", "the PSF holds NaN or infinite values; replace them before deconvolving");
  }
  return sum;
}
