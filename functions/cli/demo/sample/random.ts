/**
 * Seeded random numbers: the same seed gives the same sample on every machine. Math.log and its kin are the same in every
 * build of V8, so the draws below are too.
 */

/** A source of random numbers. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number;
  /** Poisson with this mean: photons counted where `mean` are expected. */
  poisson(mean: number): number;
}

/** A generator of its own for `seed`, any integer. */
export function createRandom(seed: number): Random {
  const uniform = sfc32(seed);
  return {
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    poisson: (mean) => mean < 12 ? smallPoisson(mean, uniform) : largePoisson(mean, uniform),
  };
}

/** Small fast counting generator (Doty-Humphrey, PractRand), 128 bits of state, 32 bits a draw. */
function sfc32(seed: number): () => number {
  let a = 0x9e3779b9, b = 0x243f6a88, c = seed | 0, counter = 1;
  function next(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 0) / 4294967296;
  }
  for (let warmUp = 0; warmUp < 16; warmUp++) next();
  return next;
}

/** Counts how many uniform factors it takes to fall below exp(-mean) (Knuth). */
function smallPoisson(mean: number, uniform: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = uniform(); product > limit; product *= uniform()) count++;
  return count;
}

/** Transformed rejection, exact for means of at least 10 (Hormann 1993, algorithm PTRS). */
function largePoisson(mean: number, uniform: () => number): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const accept = 0.9277 - 3.6224 / (b - 2);
  while (true) {
    const u = uniform() - 0.5;
    const v = uniform();
    const distance = 0.5 - Math.abs(u);
    const count = Math.floor((2 * a / distance + b) * u + mean + 0.43);
    if (distance >= 0.07 && v <= accept) return count;
    if (count < 0 || (distance < 0.013 && v > distance)) continue;
    const density = -mean + count * Math.log(mean) - logFactorial(count);
    if (Math.log(v * inverseAlpha / (a / (distance * distance) + b)) <= density) return count;
  }
}

/** log(n!) by Stirling's series; the rejection above asks only for n where its error is below 1e-7, or for small n. */
function logFactorial(n: number): number {
  if (n < 10) {
    let product = 1;
    for (let factor = 2; factor <= n; factor++) product *= factor;
    return Math.log(product);
  }
  const x = n + 1;
  return (x - 0.5) * Math.log(x) - x + 0.9189385332046727 + 1 / (12 * x) - 1 / (360 * x ** 3);
}
