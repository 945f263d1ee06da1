/**
 * Test for PSFs whose transform is real.
 */
import type { Vec3 } from "shared/volume/geometry.ts";
import type { Volume } from "./deconvolver.ts";

/**
 * Largest imaginary part, relative to the sum of the PSF, that counts as none: what the float32 transforms of a box leave
 * there by rounding anyway, a few units of 2^-24.
 */
const ROUNDING = 4 * 2 ** -24;

/**
 * True if the OTF of a PSF, placed as psf_box.ts does, is real to float32: `psf(c + r) = psf(c - r)` for all voxels but for
 * rounding, with c = floor(side / 2) on every axis. As `Im H(k) = -sum psf(r) sin(2 pi k r)`, half of the sum of all
 * `|psf(c + r) - psf(c - r)|` bounds the imaginary part of every coefficient of every box.
 */
export function isCentroSymmetric({ shape, values }: Volume): boolean {
  const mirrored = shape.map((side) => Int32Array.from({ length: side }, (_, i) => 2 * Math.floor(side / 2) - i));
  const [mirrorZ, mirrorY, mirrorX] = mirrored;
  let sum = 0;
  let odd = 0;
  for (let z = 0, at = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++, at++) {
        const opposite = valueAt(values, shape, [mirrorZ[z], mirrorY[y], mirrorX[x]]);
        sum += values[at];
        // A voxel whose opposite lies outside is missed there as well.
        odd += opposite === undefined ? Math.abs(values[at]) : Math.abs(values[at] - opposite) / 2;
      }
    }
  }
  return odd <= ROUNDING * sum;
}

/** The value, or undefined past the end of an even side, where nothing was measured. */
function valueAt(values: Float32Array, shape: Vec3, place: Vec3): number | undefined {
  if (place.some((index, axis) => index >= shape[axis])) return undefined;
  return values[(place[0] * shape[1] + place[1]) * shape[2] + place[2]];
}
