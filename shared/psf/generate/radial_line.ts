/**
 * Functions of the distance from the optical axis, sampled every `step` from 0 on and even about it, and sums of their values
 * at other distances as short weighted rows of the samples.
 */
import { LAGRANGE_BEFORE, LAGRANGE_POINTS, lagrangeWeights } from "../lagrange.ts";

/** Radians of the fastest wave per sample: interpolation is then right to `0.0049 * 0.15^6`, 6e-8 of its amplitude. */
const RADIANS_PER_SAMPLE = 0.15;

/**
 * Radii fine enough for a function of this bandwidth, with as many beyond `widest` as interpolation needs.
 *
 * @param bandwidth radians per micrometre
 * @param widest micrometres
 */
export function radiiFor(bandwidth: number, widest: number): { radii: Float64Array; step: number } {
  const step = RADIANS_PER_SAMPLE / bandwidth;
  const count = Math.floor(widest / step) + LAGRANGE_POINTS;
  return { radii: Float64Array.from({ length: count }, (_, i) => i * step), step };
}

/** A weighted sum of consecutive samples, `first` the index of the first. */
export interface WindowedRow {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * The row that sums `weights[i] * f(radii[i])`.
 *
 * @param radii in steps, 0 or more
 */
export function rowOf(radii: ArrayLike<number>, weights: ArrayLike<number>): WindowedRow {
  let first = Infinity;
  let last = 0;
  for (let i = 0; i < radii.length; i++) {
    const floor = Math.floor(radii[i]);
    first = Math.min(first, Math.max(0, floor - LAGRANGE_BEFORE));
    last = Math.max(last, floor + LAGRANGE_POINTS - LAGRANGE_BEFORE - 1);
  }
  const row = new Float64Array(last - first + 1);
  const six = new Float64Array(LAGRANGE_POINTS);
  for (let i = 0; i < radii.length; i++) {
    const floor = Math.floor(radii[i]);
    lagrangeWeights(radii[i] - floor, six);
    // Samples left of the axis are those right of it.
    for (let j = 0; j < LAGRANGE_POINTS; j++) row[Math.abs(floor - LAGRANGE_BEFORE + j) - first] += weights[i] * six[j];
  }
  return { first, weights: row };
}

/** The sum itself; `offset` is where the samples begin in `line`. */
export function applyRow({ first, weights }: WindowedRow, line: Float64Array, offset = 0): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i] * line[offset + first + i];
  return sum;
}
