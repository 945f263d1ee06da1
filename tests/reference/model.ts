/**
 * What the data say about a model, voxel by voxel, as the step in docs/algorithms.md defines it, in float64.
 */
import type { DeconvolverOptions } from "kernels/deconvolver.ts";

/** I-divergence of one voxel (Csiszár, Ann. Stat. 19 (1991) 2032-2066): `d ln(d / m) - d + m`, and m where d is 0. */
export function divergenceTerm(d: number, m: number): number {
  return (d > 0 ? d * Math.log(d / m) : 0) - d + m;
}

/** What is compared with a datum: at least eps, and no more than a datum that is known to be cut off. */
export function modelAt(blurred: number, d: number, eps: number, options: DeconvolverOptions): number {
  const model = Math.max(blurred + (options.background ?? 0), eps);
  return d >= (options.saturation ?? Infinity) ? Math.min(model, d) : model;
}

/** The ratio that is projected back: `d / m`, pulled towards 1 where the difference is no more than noise. */
export function ratioAt(d: number, m: number, options: DeconvolverOptions): number {
  return 1 + damping(d, m, options.dampingSigmas ?? 0) * (d / m - 1);
}

/** White, ASP Conf. Ser. 61 (1994) 292-295: `U^(N-1) (N - (N-1) U)` with N = 10; 1 from `sigmas` deviations on. */
export function damping(d: number, m: number, sigmas: number): number {
  if (sigmas === 0) return 1;
  const U = Math.min(1, 2 / sigmas ** 2 * divergenceTerm(d, m));
  return U ** 9 * (10 - 9 * U);
}
