/**
 * Convolution with a point spread function that is a product of three profiles, one per axis: exact, in double precision,
 * and by plain sums, so that it can vouch for the Fourier transforms of the kernels.
 */
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { modulo } from "shared/volume/position.ts";
import type { Volume } from "kernels/deconvolver.ts";

/** Profiles along z, y, x, of any length; entry `length >> 1` of each is its centre. */
export type Profiles = readonly [z: Float64Array, y: Float64Array, x: Float64Array];

/** Gaussian of standard deviation `sigma` voxels, averaged over each voxel, `length` voxels long, sum 1. */
export function gaussianProfile(length: number, sigma: number): Float64Array {
  const SAMPLES = 16;
  const profile = Float64Array.from({ length }, (_, index) => {
    let sum = 0;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const distance = index - (length >> 1) + (sample + 0.5) / SAMPLES - 0.5;
      sum += Math.exp(-0.5 * (distance / sigma) ** 2);
    }
    return sum;
  });
  const total = profile.reduce((sum, value) => sum + value, 0);
  return profile.map((value) => value / total);
}

/** The point spread function itself, as an array. */
export function outerProduct(profiles: Profiles): Volume {
  const shape: Vec3 = [profiles[0].length, profiles[1].length, profiles[2].length];
  const values = new Float32Array(voxelCount(shape));
  let index = 0;
  for (const z of profiles[0]) for (const y of profiles[1]) for (const x of profiles[2]) values[index++] = z * y * x;
  return { shape, values };
}

/** The profiles of the adjoint: mirrored about the voxel `length >> 1`, and so one longer where the length is even. */
export function mirrored(profiles: Profiles): Profiles {
  return profiles.map((profile) => {
    const centre = profile.length >> 1;
    const mirror = new Float64Array(2 * centre + 1);
    profile.forEach((value, index) => mirror[2 * centre - index] = value);
    return mirror;
  }) as unknown as Profiles;
}

/**
 * Convolves `values` (x contiguous) with `profiles`, wrapping around at the edges.
 *
 * @returns a new array of the same shape
 */
export function convolvePeriodic(values: Float64Array, shape: Vec3, profiles: Profiles): Float64Array {
  const strides: Vec3 = [shape[1] * shape[2], shape[2], 1];
  let result = values;
  for (const axis of [0, 1, 2] as const) {
    result = convolveAxis(result, { length: shape[axis], stride: strides[axis], profile: profiles[axis] });
  }
  return result;
}

/** One axis of a volume: `length` pieces of `stride` voxels make a line. */
interface AxisOptions {
  readonly length: number;
  readonly stride: number;
  readonly profile: Float64Array;
}

/**
 * Sums shifted copies of short runs of voxels. Lines get wrapped copies of their pieces at both ends, so that runs are
 * contiguous for every axis and stay in the first cache while all taps pass over them.
 */
function convolveAxis(source: Float64Array, { length, stride, profile }: AxisOptions): Float64Array {
  const RUN = 2048;
  const target = new Float64Array(source.length);
  const lineLength = length * stride;
  const taps = profile.length;
  const wrapped = new Float64Array(lineLength + (taps - 1) * stride);
  for (let line = 0; line < source.length; line += lineLength) {
    for (let piece = 0; piece < length + taps - 1; piece++) {
      const from = line + modulo(piece - (taps - 1) + (taps >> 1), length) * stride;
      wrapped.set(source.subarray(from, from + stride), piece * stride);
    }
    for (let start = 0; start < lineLength; start += RUN) {
      const run = target.subarray(line + start, line + Math.min(start + RUN, lineLength));
      for (let tap = 0; tap < taps; tap++) addWeighted(run, profile[tap], wrapped, start + (taps - 1 - tap) * stride);
    }
  }
  return target;
}

/** Adds `weight` times the voxels of `source` from `first` on; a function of its own so that it is compiled as one. */
function addWeighted(run: Float64Array, weight: number, source: Float64Array, first: number): void {
  for (let index = 0; index < run.length; index++) run[index] += weight * source[first + index];
}
