/**
 * How far the noise of an image lets a deconvolution go: by which factor the PSF may weaken detail before noise hides it. Found
 * from the spectrum of a few boxes and that of the PSF.
 */
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { powerSpectrum } from "./fourier.ts";

/** What noise leaves of an image. */
export interface NoiseLimit {
  /** Variance of the image over that of its noise, in the boxes that were looked at. */
  readonly signalToNoise: number;
  /** Factor by which the PSF weakens the faintest detail that stands out from the noise; undefined where nothing does. */
  readonly weakening: number | undefined;
}

/** Detail stands out where the mean power of data is so many times that of noise alone: as much structure as noise. */
const STANDS_OUT = 2;

/** Frequencies of similar weakening are taken together, four groups to a factor of two, at least so many in each. */
const GROUPS_PER_OCTAVE = 4;
const LEAST_FREQUENCIES = 32;

/** Weakenings are told apart down to this magnitude of the PSF's transform, below which float32 data hold nothing. */
const FAINTEST = 2 ** -20;

/** Of float32, which is how an image is restored: voxels that differ by less do not differ. */
const ROUNDING = 2 ** -24;

/** Of the second difference `[1, -2, 1]`: what it makes of the variance of white noise. */
const DIFFERENCE_GAIN = 6;

/**
 * Measures noise by second differences along every axis, which leave nothing of structure that the optics resolve (Immerkaer,
 * Comput. Vis. Image Underst. 64 (1996) 300-302, in three dimensions), then looks for the frequencies at which the data are no
 * stronger than that. Exact for noise that is independent from voxel to voxel; of an image that was filtered it finds too little.
 *
 * @param boxes voxels of places with structure, x contiguous, all of one shape
 * @param shape of the boxes: powers of two
 * @param psf of sum 1, x contiguous, at the image's spacing
 */
export function noiseLimit(
  boxes: readonly (Float32Array | Float64Array)[],
  shape: Vec3,
  psf: { readonly shape: Vec3; readonly values: ArrayLike<number> },
): NoiseLimit {
  const window = hannWindow(shape);
  const power = new Float64Array(voxelCount(shape));
  let noise = 0;
  for (const box of boxes) {
    noise += noisePower(box, shape, window);
    const spectrum = powerSpectrum(windowed(box, window), shape);
    for (let index = 0; index < power.length; index++) power[index] = power[index]! + spectrum[index]!;
  }
  if (noise === 0) return { signalToNoise: 0, weakening: undefined };
  const mean = power.reduce((sum, value) => sum + value, 0) / power.length;
  const transfer = powerSpectrum(wrapped(psf, shape), shape);
  return { signalToNoise: mean / noise, weakening: faintestDetail(power, transfer, noise) };
}

/** Falls to 0 at the faces of a box, so that the other side does not look like an edge (Hann). */
function hannWindow(shape: Vec3): Float64Array {
  const [zs, ys, xs] = mapAxes((axis) => {
    const side = shape[axis];
    return Float64Array.from({ length: side }, (_, at) => side === 1 ? 1 : Math.sin(Math.PI * (at + 0.5) / side) ** 2);
  });
  const window = new Float64Array(voxelCount(shape));
  let index = 0;
  for (const z of zs) {
    for (const y of ys) {
      for (const x of xs) window[index++] = z * y * x;
    }
  }
  return window;
}

function windowed(box: ArrayLike<number>, window: Float64Array): Float64Array {
  let [sum, weight] = [0, 0];
  for (let index = 0; index < window.length; index++) {
    sum += window[index]! * box[index]!;
    weight += window[index]!;
  }
  return window.map((share, index) => share * (box[index]! - sum / weight));
}

/** Mean power of the noise at each frequency of a box in its window: its variance, weighted as the window weighs voxels. */
function noisePower(box: ArrayLike<number>, shape: Vec3, window: Float64Array): number {
  const strides = [shape[1] * shape[2], shape[2], 1];
  // A voxel without both neighbours has no second difference; along two voxels none has.
  const rims = mapAxes((axis) => shape[axis] < 3 ? 0 : 1);
  let differences = Float64Array.from(box);
  let gain = 1;
  for (const [axis, stride] of strides.entries()) {
    if (rims[axis] === 0) continue;
    const before = differences;
    differences = new Float64Array(before.length);
    for (let index = stride; index < before.length - stride; index++) {
      differences[index] = before[index - stride]! - 2 * before[index]! + before[index + stride]!;
    }
    gain *= DIFFERENCE_GAIN;
  }
  let [sum, weight] = [0, 0];
  for (let z = rims[0]; z < shape[0] - rims[0]; z++) {
    for (let y = rims[1]; y < shape[1] - rims[1]; y++) {
      for (let x = rims[2]; x < shape[2] - rims[2]; x++) {
        const index = (z * shape[1] + y) * shape[2] + x;
        const share = window[index]! ** 2;
        sum += share * differences[index]! ** 2 / gain;
        weight += share;
      }
    }
  }
  let [total, largest] = [0, 0];
  for (let index = 0; index < window.length; index++) {
    total += window[index]! ** 2;
    largest = Math.max(largest, Math.abs(box[index]!));
  }
  return total * Math.max(sum / weight, (largest * ROUNDING) ** 2);
}

/** A PSF in a box that repeats: its transform at the frequencies of the box. Where it lies changes no magnitude. */
function wrapped(psf: { readonly shape: Vec3; readonly values: ArrayLike<number> }, shape: Vec3): Float64Array {
  const box = new Float64Array(voxelCount(shape));
  let index = 0;
  for (let z = 0; z < psf.shape[0]; z++) {
    for (let y = 0; y < psf.shape[1]; y++) {
      const row = ((z % shape[0]) * shape[1] + y % shape[1]) * shape[2];
      for (let x = 0; x < psf.shape[2]; x++) {
        const at = row + x % shape[2];
        box[at] = box[at]! + psf.values[index++]!;
      }
    }
  }
  return box;
}

/**
 * Goes from what the PSF passes best to what it weakens most, to where data no longer stand out from the noise.
 *
 * @param transfer squared magnitudes of the PSF's transform, 1 at frequency 0
 */
function faintestDetail(power: Float64Array, transfer: Float64Array, noise: number): number | undefined {
  const groups = Array.from(
    { length: 1 - GROUPS_PER_OCTAVE * Math.log2(FAINTEST) },
    () => ({ power: 0, logarithm: 0, count: 0 }),
  );
  for (let index = 0; index < power.length; index++) {
    const logarithm = Math.log2(Math.sqrt(transfer[index]!));
    // Rounding may take the largest above 1.
    const group = groups[Math.max(0, Math.floor(-GROUPS_PER_OCTAVE * logarithm))];
    if (group === undefined) continue;
    group.power += power[index]!;
    group.logarithm += logarithm;
    group.count++;
  }
  let last: { readonly ratio: number; readonly logarithm: number } | undefined;
  let held = { power: 0, logarithm: 0, count: 0 };
  for (const group of groups) {
    held = {
      power: held.power + group.power,
      logarithm: held.logarithm + group.logarithm,
      count: held.count + group.count,
    };
    if (held.count < LEAST_FREQUENCIES) continue;
    const now = { ratio: held.power / held.count / noise, logarithm: held.logarithm / held.count };
    held = { power: 0, logarithm: 0, count: 0 };
    if (now.ratio >= STANDS_OUT) {
      last = now;
      continue;
    }
    if (last === undefined) return undefined;
    const share = Math.log(last.ratio / STANDS_OUT) / Math.log(last.ratio / now.ratio);
    return 2 ** -(last.logarithm + share * (now.logarithm - last.logarithm));
  }
  return last && 2 ** -last.logarithm;
}
