/**
 * Richardson-Lucy deconvolution in float64, written to be obviously right and not to be fast: what both backends are
 * compared with. It follows the definitions in docs/algorithms.md line by line.
 */
import type { DeconvolverOptions, Divergence, RunOptions } from "kernels/deconvolver.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { ITERATIONS, type Step } from "./acceleration.ts";
import { referenceBackProjector, referenceBlur } from "./blur.ts";
import { divergenceTerm, modelAt, ratioAt } from "./model.ts";
import { variationDenominator } from "./total_variation.ts";

/** What the reference returns, as `RunResult`. */
export interface ReferenceResult {
  readonly estimate: Float64Array;
  readonly divergence: Divergence[];
}

/** The estimate after `options.iterations` iterations, one float64 value per voxel of the box. */
export function referenceRichardsonLucy(
  data: ArrayLike<number>,
  options: DeconvolverOptions & RunOptions,
): Float64Array {
  return referenceRun(data, options).estimate;
}

/** The estimate, and how well those before it explained the data. */
export function referenceRun(data: ArrayLike<number>, options: DeconvolverOptions & RunOptions): ReferenceResult {
  const mask = boxMask(options.box, options.nonCirculant ? options.observed : undefined);
  const image = mask.map((observed, i) => observed * Math.max(data[i], 0));
  const peak = image.reduce((a, b) => Math.max(a, b), 0);
  const divergence: Divergence[] = [];
  if (peak === 0) return { estimate: image, divergence };

  const scale = options.scale ?? peak;
  const blur = referenceBlur(options.psf, options.box).forward;
  const back = referenceBackProjector(options);
  const leastCorrection = options.backProjector === "wiener-butterworth" ? 0.1 : 0;
  const weights = options.nonCirculant ? back(mask).map((seen) => (seen > 0.01 ? 1 / seen : 0)) : undefined;
  const measured = boxMask(options.box, options.measured).map((inside, i) => inside * mask[i]);

  const step: Step = (estimate, updates) => {
    const model = blur(estimate).map((blurred, i) => modelAt(blurred, image[i], 1e-6 * scale, options));
    if (options.measureEvery && updates % options.measureEvery === 0) {
      divergence.push(measure(image, model, measured, { iteration: updates, heldOut: options.heldOut }));
    }
    const correction = back(image.map((d, i) => mask[i] * ratioAt(d, model[i], options)));
    const next = estimate.map((u, i) => u * Math.max(correction[i], leastCorrection) * (weights?.[i] ?? 1));
    if (!options.totalVariation) return next;
    const { totalVariation: weight, totalVariationSmoothing = 1e-3 } = options;
    const term = { weight, smoothing: totalVariationSmoothing * scale };
    const denominator = variationDenominator(estimate, options.box, term);
    return next.map((u, i) => u / denominator[i]);
  };

  const withoutBackground = (value: number) => Math.max(value - (options.background ?? 0), value / 10);
  const mean = options.mean ?? sum(image) / sum(mask);
  const start = image.map((d, i) => withoutBackground(options.start === "flat" || mask[i] === 0 ? mean : d));
  const course = { iterations: options.iterations, floor: 1e-4 * scale };
  const estimate = ITERATIONS[options.acceleration ?? "none"](start, step, course);
  return { estimate, divergence };
}

function measure(
  image: Float64Array,
  model: Float64Array,
  measured: Float64Array,
  { iteration, heldOut }: { iteration: number; heldOut: RunOptions["heldOut"] },
): Divergence {
  const fit = sum(image.map((d, i) => measured[i] * divergenceTerm(d, model[i])));
  if (!heldOut) return { iteration, fit };
  const { values, ratio } = heldOut;
  return {
    iteration,
    fit,
    heldOut: sum(model.map((m, i) => measured[i] * (values[i] - ratio * m) ** 2)),
  };
}

/** 1 inside a part of the box (all of it by default), 0 outside. */
export function boxMask(box: Vec3, part: RunOptions["observed"]): Float64Array {
  const { start, shape } = part ?? { start: [0, 0, 0] as Vec3, shape: box };
  const inside = (i: number, axis: number) => i >= start[axis] && i < start[axis] + shape[axis];
  return Float64Array.from({ length: voxelCount(box) }, (_, index) => {
    const x = index % box[2];
    const y = Math.floor(index / box[2]) % box[1];
    const z = Math.floor(index / (box[2] * box[1]));
    return inside(z, 0) && inside(y, 1) && inside(x, 2) ? 1 : 0;
  });
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}
