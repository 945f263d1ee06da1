/**
 * The level of light that comes from nowhere in particular, estimated once for the whole image from a sample of its voxels.
 */
import { ClearstackError } from "shared/errors.ts";

/** Share of the sample that the shortest interval must hold. */
const SHARE = 0.2;

/** Zeros fill voxels where nothing was measured if the others have a level of so many steps, far above 0. */
const MIN_STEPS = 4;

/** Share of their level that the others keep from 0, and in which a fifth of them must crowd. */
const MAX_SPREAD = 0.25;

/** Share of the others that may be darker. */
const DARKEST = 0.01;

/** Values to estimate from. */
type Sample = Float64Array | Float32Array;

/**
 * Estimates a constant background: the mean of the shortest interval of intensities that holds a fifth of the sample, which is
 * where voxels crowd most (a mode after Grenander and the shorth of Andrews et al. 1972, with a fifth in place of half). It
 * is not brighter than the median. Exact zeros are left out where they fill what was not measured, such as the corners of a
 * deskewed volume: see {@link withoutFill}.
 *
 * Right where at least half of the voxels show nothing but background; then Poisson or Gaussian noise of deviation s leaves
 * an error of about 0.1 s for 10,000 voxels. Where structure is everywhere, it is the commonest level of the structure: give
 * the background by hand. For a mean of a few photons the mode is what it finds, up to one photon below the mean.
 *
 * @param sample intensities of voxels taken evenly from the whole image, in any order; it is only read
 * @param options with `signed`, values of a signed integer type, which may have an offset: a background may be negative
 * @returns background in the units of the image
 * @throws {ClearstackError} `invalid-request` if the sample is empty, `corrupt-data` if it holds NaN or infinite values
 */
export function estimateBackground(sample: Sample, { signed = false } = {}): number {
  if (sample.length === 0) {
    throw new ClearstackError("invalid-request", "no voxels to estimate the background from; give it as a number");
  }
  if (!sample.every(Number.isFinite)) {
    throw new ClearstackError(
      "corrupt-data",
      "the image holds NaN or infinite values; replace them before deconvolving",
    );
  }
  const sorted = withoutFill(Float64Array.from(sample).sort());
  const level = Math.min(modeOf(sorted).mean, sorted[sorted.length >> 1]!);
  return signed ? level : Math.max(0, level);
}

/** The shortest interval that holds a fifth of rising values. */
function modeOf(sorted: Float64Array): { mean: number; length: number } {
  const held = Math.max(1, Math.ceil(SHARE * sorted.length));
  let [shortest, first, last] = [Infinity, 0, 0];
  for (let start = 0; start + held <= sorted.length; start++) {
    const length = sorted[start + held - 1]! - sorted[start]!;
    if (length < shortest) [shortest, first] = [length, start];
    if (length === shortest) last = start;
  }
  // Whole numbers make many intervals equally short: the one in their middle is taken, or all of them would lean down.
  const start = (first + last) >> 1;
  const mean = sorted.subarray(start, start + held).reduce((sum, value) => sum + value, 0) / held;
  return { mean, length: shortest };
}

/**
 * Rising values without the zeros that fill what was not measured. Light with a background of few photons, or one that was taken
 * off, reaches down to 0 in steps; what was measured beside a fill crowds about a level of its own, and hardly any of it comes
 * near 0. The values must be of that kind, or the zeros stay.
 */
function withoutFill(sorted: Float64Array): Float64Array {
  const positive = sorted.subarray(sorted.findIndex((value) => value > 0));
  if (sorted[0] !== 0 || positive.length < MIN_STEPS || positive.length === sorted.length) return sorted;
  const { mean: level, length } = modeOf(positive);
  const gap = positive[Math.floor(DARKEST * positive.length)]!;
  const isFill = level >= MIN_STEPS * leastStep(positive) && gap >= MAX_SPREAD * level && length <= MAX_SPREAD * level;
  return isFill ? positive : sorted;
}

/** Least difference between rising values that differ: 1 where they are counts. */
function leastStep(sorted: Float64Array): number {
  let step = sorted[0]!;
  for (let index = 1; index < sorted.length; index++) {
    const difference = sorted[index]! - sorted[index - 1]!;
    if (difference > 0 && difference < step) step = difference;
  }
  return step;
}
