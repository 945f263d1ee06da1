/**
 * Interpolation between equally spaced samples by the polynomial of degree 5 through the six nearest ones. Its error is at
 * most `0.0049 h^6 max |f^(6)|`: for a wave of `w` radians per sample, `0.0049 w^6` of its amplitude.
 */

/** Samples that take part. */
export const LAGRANGE_POINTS = 6;

/** Samples before the one at or left of the position. */
export const LAGRANGE_BEFORE = 2;

/**
 * Weights of the samples `i - 2 ... i + 3` for the position `i + fraction`; they sum to 1.
 *
 * @param fraction from 0 to 1
 * @param weights filled from `offset` on
 */
export function lagrangeWeights(fraction: number, weights: Float64Array, offset = 0): void {
  const a = fraction + 2;
  const b = fraction + 1;
  const c = fraction;
  const d = fraction - 1;
  const e = fraction - 2;
  const f = fraction - 3;
  weights[offset] = (b * c * d * e * f) / -120;
  weights[offset + 1] = (a * c * d * e * f) / 24;
  weights[offset + 2] = (a * b * d * e * f) / -12;
  weights[offset + 3] = (a * b * c * e * f) / 12;
  weights[offset + 4] = (a * b * c * d * f) / -24;
  weights[offset + 5] = (a * b * c * d * e) / 120;
}

/** Value at `position` (in samples) of a line of samples that is 0 beyond both ends. */
export function lagrangeAt(line: ArrayLike<number>, position: number): number {
  const floor = Math.floor(position);
  const weights = new Float64Array(LAGRANGE_POINTS);
  lagrangeWeights(position - floor, weights);
  let sum = 0;
  for (let i = 0; i < LAGRANGE_POINTS; i++) {
    const index = floor - LAGRANGE_BEFORE + i;
    if (index >= 0 && index < line.length) sum += weights[i] * line[index];
  }
  return sum;
}
