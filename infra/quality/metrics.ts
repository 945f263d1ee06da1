/** Distances of an estimate from the truth and from the data. All in double precision. */
import { convolvePeriodic, gaussianProfile } from "functions/cli/demo/sample/separable.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

/** Root of the mean squared difference. */
export function rmse(estimate: ArrayLike<number>, truth: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += (estimate[i]! - truth[i]!) ** 2;
  return Math.sqrt(sum / truth.length);
}

/** Peak signal-to-noise ratio, decibels, the peak being the maximum of the truth. */
export function psnr(estimate: ArrayLike<number>, truth: ArrayLike<number>): number {
  return 20 * Math.log10(peakOf(truth) / rmse(estimate, truth));
}

/** I-divergence of data from a model, mean over voxels; the model is positive. */
export function meanDivergence(data: ArrayLike<number>, model: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) {
    const [d, m] = [data[i]!, Math.max(model[i]!, 1e-9)];
    sum += (d > 0 ? d * Math.log(d / m) : 0) - d + m;
  }
  return sum / data.length;
}

/**
 * Structural similarity (Wang, Bovik, Sheikh & Simoncelli, IEEE Trans. Image Process. 13 (2004) 600-612), mean over all
 * voxels: 3-D Gaussian window of standard deviation 1.5 voxels, 11 voxels long, wrapping around; K1 = 0.01, K2 = 0.03, dynamic
 * range the maximum of the truth.
 */
export function ssim(estimate: ArrayLike<number>, truth: ArrayLike<number>, shape: Vec3): number {
  const profile = gaussianProfile(11, 1.5);
  const mean = (values: Float64Array) => convolvePeriodic(values, shape, [profile, profile, profile]);
  const [a, b] = [Float64Array.from(estimate), Float64Array.from(truth)];
  const [meanA, meanB] = [mean(a), mean(b)];
  const meanAA = mean(a.map((v) => v * v));
  const meanBB = mean(b.map((v) => v * v));
  const meanAB = mean(a.map((v, i) => v * b[i]!));
  const [c1, c2] = [(0.01 * peakOf(truth)) ** 2, (0.03 * peakOf(truth)) ** 2];
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const [ma, mb] = [meanA[i]!, meanB[i]!];
    const structure = (2 * (meanAB[i]! - ma * mb) + c2) / (meanAA[i]! - ma * ma + meanBB[i]! - mb * mb + c2);
    sum += structure * (2 * ma * mb + c1) / (ma * ma + mb * mb + c1);
  }
  return sum / a.length;
}

function peakOf(values: ArrayLike<number>): number {
  let peak = 0;
  for (let i = 0; i < values.length; i++) peak = Math.max(peak, values[i]!);
  return peak;
}
