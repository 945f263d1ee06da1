/**
 * The Wiener-Butterworth back-projector of Guo et al. 2020 (Nat. Biotechnol. 38:1337-1346): an inverse filter up to the
 * resolution of the PSF, nothing beyond it. It depends on the PSF alone, so that every box sees the same operator.
 *
 * With H the transform of the normalised PSF and k the frequency in cycles per voxel along z, y, x:
 * ```
 * B(k) = conj(H(k)) * gain(k, |H(k)|^2)
 * gain = (1 + alpha) / (|H|^2 + alpha) / sqrt(1 + ee * w^10)      alpha = 0.001, B(0) = 1
 * w    = sum over axes of (k_a * fwhm_a)^2                        the cut-off frequency is 1 / full width at half maximum
 * ee   = max(0, 1 / (beta^2 + alpha)^2 - 1)
 * beta = mean over y and x of |sum of psf[r] exp(-2 pi i r_a / fwhm_a)|
 * ```
 * `ee` makes the filter's gain at the lateral cut-off equal to beta, the adjoint's there. (The authors' code has
 * `beta_w / beta^2 - 1` where its own comment derives `(beta_w / beta)^2 - 1`; the latter is used here. Its gains are maxima
 * over projections; here they are taken on the y and x axes, as on the z axis a widefield PSF has none.)
 */
import { mapAxes, stridesOf, type Vec3 } from "shared/volume/geometry.ts";
import type { Volume } from "./deconvolver.ts";

const ALPHA = 0.001;
const ORDER = 10;

/** The smallest factor of an update: the projector has negative lobes, and the authors bound it. */
export const MIN_CORRECTION = 0.1;

/** The factor by which a Wiener-Butterworth projector differs from the adjoint at one frequency. */
export type BackProjectorGain = (frequency: Vec3, otfMagnitudeSquared: number) => number;

/**
 * @param psf values >= 0 with a positive sum
 * @returns gain at frequencies as {@link cyclesPerVoxel} gives them; all in float64
 */
export function wienerButterworthGain(psf: Volume): BackProjectorGain {
  const fwhm = mapAxes((axis) => fullWidthHalfMaximum(psf, axis));
  const beta = (axisOtf(psf, 1, 1 / fwhm[1]) + axisOtf(psf, 2, 1 / fwhm[2])) / 2;
  const slope = Math.max(0, 1 / (beta ** 2 + ALPHA) ** 2 - 1);
  return (frequency, otfMagnitudeSquared) => {
    const w = (frequency[0] * fwhm[0]) ** 2 + (frequency[1] * fwhm[1]) ** 2 + (frequency[2] * fwhm[2]) ** 2;
    return (1 + ALPHA) / (otfMagnitudeSquared + ALPHA) / Math.sqrt(1 + slope * w ** ORDER);
  };
}

/**
 * Width in voxels of the line along `axis` through the brightest voxel (the first of equals) between its half heights,
 * interpolated linearly; the PSF counts as 0 beyond its array, so the width is at least 1.
 */
function fullWidthHalfMaximum(psf: Volume, axis: 0 | 1 | 2): number {
  let peak = 0;
  for (let index = 1; index < psf.values.length; index++) if (psf.values[index] > psf.values[peak]) peak = index;
  const stride = stridesOf(psf.shape)[axis];
  const centre = Math.floor(peak / stride) % psf.shape[axis];
  const half = psf.values[peak] / 2;
  const at = (i: number) => (i >= 0 && i < psf.shape[axis] ? psf.values[peak + (i - centre) * stride] : 0);
  const reach = (direction: 1 | -1) => {
    let steps = 1;
    while (at(centre + direction * steps) > half) steps++;
    const inside = at(centre + direction * (steps - 1));
    return steps - 1 + (inside - half) / (inside - at(centre + direction * steps));
  };
  return reach(1) + reach(-1);
}

/** Magnitude of the transform of the normalised PSF at `frequency` cycles per voxel along one axis. */
function axisOtf(psf: Volume, axis: 1 | 2, frequency: number): number {
  const stride = stridesOf(psf.shape)[axis];
  let [re, im, sum] = [0, 0, 0];
  psf.values.forEach((value, index) => {
    const angle = 2 * Math.PI * frequency * (Math.floor(index / stride) % psf.shape[axis]);
    re += value * Math.cos(angle);
    im += value * Math.sin(angle);
    sum += value;
  });
  return Math.hypot(re, im) / sum;
}

/** Frequency of a coefficient of a transform over `side` voxels, negative above half of them. */
export function cyclesPerVoxel(index: number, side: number): number {
  return (index <= side / 2 ? index : index - side) / side;
}
