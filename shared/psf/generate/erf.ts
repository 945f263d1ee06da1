/** The error function, for Gaussians averaged over voxels. */

/** erf of any real number, to about 1e-15 absolute: Taylor series below 2.5, continued fraction above. */
export function erf(x: number): number {
  return Math.abs(x) < 2.5 ? bySeries(x) : Math.sign(x) * (1 - complement(Math.abs(x)));
}

/** `erf(high) - erf(low)` for `low <= high`, relatively exact in the tails too, where both are almost 1. */
export function erfBetween(low: number, high: number): number {
  if (low >= 2.5) return complement(low) - complement(high);
  if (high <= -2.5) return complement(-high) - complement(-low);
  return erf(high) - erf(low);
}

/** Abramowitz & Stegun 7.1.6, whose terms are all of one sign. */
function bySeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** erfc of `x >= 2.5`: the continued fraction 7.1.14, from the far end. */
function complement(x: number): number {
  let fraction = x;
  for (let k = 60; k > 0; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
