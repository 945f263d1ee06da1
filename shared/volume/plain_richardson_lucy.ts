/** The solution that kernels are held against on the machine they run on. */

/** Convolution with a PSF, and with its mirror image. */
interface Blur {
  readonly forward: (values: Float64Array) => Float64Array;
  readonly adjoint: (values: Float64Array) => Float64Array;
}

/** Richardson-Lucy as docs/algorithms.md has it, from the data on, in double precision. */
export function plainRichardsonLucy(data: Float32Array, { forward, adjoint }: Blur, iterations: number): Float64Array {
  let estimate = Float64Array.from(data);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const correction = adjoint(forward(estimate).map((model, index) => data[index]! / model));
    estimate = estimate.map((value, index) => value * correction[index]!);
  }
  return estimate;
}

/** Largest difference from a solution, as a fraction of its maximum; NaN if a value is. */
export function worstOfPeak(actual: Float32Array, expected: Float64Array): number {
  const peak = expected.reduce((most, value) => Math.max(most, value), 0);
  return expected.reduce((worst, value, index) => Math.max(worst, Math.abs(actual[index]! - value)), 0) / peak;
}
