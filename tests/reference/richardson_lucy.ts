/**
 * Richardson-Lucy deconvolution in float64, written to be obviously right and not to be fast: what both backends are
 * compared with. It follows the definitions in kernels/deconvolver.ts line by line.
 */
import type { DeconvolverOptions, RunOptions, Volume } from "kernels/deconvolver.ts";
import { type Vec3, voxelCount } from "shared/geometry.ts";
import { type Complex, complexFrom, dft3 } from "./dft.ts";

/** A linear map between volumes of one box. */
export type LinearMap = (volume: Float64Array) => Float64Array;

/** The circular convolution with a PSF, and its adjoint. */
export interface Blur {
  readonly forward: LinearMap;
  readonly adjoint: LinearMap;
}

/** Circular convolution of a box with the PSF normalised to sum 1, whose centre is voxel `floor(side / 2)` of each axis. */
export function referenceBlur(psf: Volume, box: Vec3): Blur {
  const otf = dft3(complexFrom(centredPsf(psf, box)), box, -1);
  const convolve = (volume: Float64Array, sign: 1 | -1) => {
    const spectrum = dft3(complexFrom(volume), box, -1);
    return dft3(multiply(spectrum, otf, sign), box, 1).re.map((value) => value / voxelCount(box));
  };
  return { forward: (volume) => convolve(volume, 1), adjoint: (volume) => convolve(volume, -1) };
}

function centredPsf(psf: Volume, box: Vec3): Float64Array {
  const sum = psf.values.reduce((total, value) => total + value, 0);
  const centred = new Float64Array(voxelCount(box));
  psf.values.forEach((value, index) => {
    const x = index % psf.shape[2];
    const y = Math.floor(index / psf.shape[2]) % psf.shape[1];
    const z = Math.floor(index / (psf.shape[2] * psf.shape[1]));
    const [tz, ty, tx] = [z, y, x].map((i, axis) => (i - Math.floor(psf.shape[axis] / 2) + box[axis]) % box[axis]);
    centred[(tz * box[1] + ty) * box[2] + tx] = value / sum;
  });
  return centred;
}

/** `a * b`, or `a * conj(b)` where `sign` is -1. */
function multiply(a: Complex, b: Complex, sign: 1 | -1): Complex {
  return {
    re: a.re.map((re, i) => re * b.re[i] - sign * a.im[i] * b.im[i]),
    im: a.re.map((re, i) => sign * re * b.im[i] + a.im[i] * b.re[i]),
  };
}

/** 1 inside the observed box, 0 outside. */
export function observedMask(box: Vec3, observed: RunOptions["observed"]): Float64Array {
  const { start, shape } = observed ?? { start: [0, 0, 0] as Vec3, shape: box };
  const inside = (i: number, axis: number) => i >= start[axis] && i < start[axis] + shape[axis];
  return Float64Array.from({ length: voxelCount(box) }, (_, index) => {
    const x = index % box[2];
    const y = Math.floor(index / box[2]) % box[1];
    const z = Math.floor(index / (box[2] * box[1]));
    return inside(z, 0) && inside(y, 1) && inside(x, 2) ? 1 : 0;
  });
}

/** One plain Richardson-Lucy step from any non-negative estimate. */
export type Step = (estimate: Float64Array) => Float64Array;

/** The estimate after `options.iterations` iterations, one float64 value per voxel of the box. */
export function referenceRichardsonLucy(
  data: ArrayLike<number>,
  options: DeconvolverOptions & RunOptions,
): Float64Array {
  const mask = observedMask(options.box, options.nonCirculant ? options.observed : undefined);
  const image = mask.map((observed, i) => observed * Math.max(data[i], 0));
  const peak = image.reduce((a, b) => Math.max(a, b), 0);
  if (peak === 0) return image;

  const blur = referenceBlur(options.psf, options.box);
  const weights = options.nonCirculant
    ? blur.adjoint(mask).map((ht1) => (ht1 > 0.01 ? 1 / ht1 : 0))
    : new Float64Array(image.length).fill(1);
  const step: Step = (estimate) => {
    const blurred = blur.forward(estimate);
    const correction = blur.adjoint(image.map((d, i) => d / Math.max(blurred[i], 1e-6 * peak)));
    return estimate.map((u, i) => u * Math.max(correction[i], 0) * weights[i]);
  };

  const mean = sum(image) / sum(mask);
  const start = image.map((d, i) => (options.start === "flat" || mask[i] === 0 ? mean : d));
  return ITERATIONS[options.acceleration ?? "none"](start, step, options.iterations);
}

const ITERATIONS = { none: plain, shb: scaledHeavyBall, biggs: biggsAndrews };

function plain(start: Float64Array, step: Step, iterations: number): Float64Array {
  let estimate = start;
  for (let k = 1; k <= iterations; k++) estimate = step(estimate);
  return estimate;
}

/** Wang & Miller, IEEE Trans. Image Process. 23 (2014) 848-854, with the momentum `(k - 1) / (k + 2)` that deconwolf uses. */
function scaledHeavyBall(start: Float64Array, step: Step, iterations: number): Float64Array {
  let previous = start;
  let estimate = start;
  for (let k = 1; k <= iterations; k++) {
    const next = step(extrapolate(estimate, previous, (k - 1) / (k + 2)));
    previous = estimate;
    estimate = next;
  }
  return estimate;
}

/** Biggs & Andrews, Appl. Opt. 36 (1997) 1766-1775. */
function biggsAndrews(start: Float64Array, step: Step, iterations: number): Float64Array {
  let previous = start;
  let estimate = start;
  let change = new Float64Array(start.length);
  let momentum = 0;
  for (let k = 1; k <= iterations; k++) {
    const predicted = extrapolate(estimate, previous, momentum);
    const next = step(predicted);
    const nextChange = next.map((u, i) => u - predicted[i]);
    const norm = dot(change, change);
    momentum = norm > 0 ? Math.min(1, Math.max(0, dot(nextChange, change) / norm)) : 0;
    [previous, estimate, change] = [estimate, next, nextChange];
  }
  return estimate;
}

/** `max(0, estimate + momentum * (estimate - previous))`. */
function extrapolate(estimate: Float64Array, previous: Float64Array, momentum: number): Float64Array {
  return estimate.map((u, i) => Math.max(0, u + momentum * (u - previous[i])));
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, i) => total + value * b[i], 0);
}
