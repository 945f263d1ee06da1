/**
 * How far the noise of an image lets a deconvolution go: by which factor the PSF may weaken detail before noise hides it. Found
 * from the spectrum of a few boxes and that of the PSF.
 */
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
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
  const along = (side: number, at: number) => side === 1 ? 1 : Math.sin(Math.PI * (at + 0.5) / side) ** 2;
  return Float64Array.from({ length: voxelCount(shape) }, (_, index) => {
    return positionAt(index, shape).reduce((product, at, axis) => product * along(shape[axis]!, at), 1);
  });
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
  let differences = Float64Array.from(box);
  let gain = 1;
  // A voxel without both neighbours has no second difference.
  const isInside = (position: readonly number[]) =>
    position.every((at, axis) => shape[axis]! < 3 || (at > 0 && at < shape[axis]! - 1));
  for (const [axis, stride] of strides.entries()) {
    if (shape[axis]! < 3) continue;
    const before = differences;
    differences = before.map((value, index) =>
      (before[index - stride] ?? 0) - 2 * value + (before[index + stride] ?? 0)
    );
    gain *= DIFFERENCE_GAIN;
  }
  let [sum, weight, total, largest] = [0, 0, 0, 0];
  for (let index = 0; index < window.length; index++) {
    const share = window[index]! ** 2;
    total += share;
    largest = Math.max(largest, Math.abs(box[index]!));
    if (!isInside(positionAt(index, shape))) continue;
    sum += share * differences[index]! ** 2 / gain;
    weight += share;
  }
  return total * Math.max(sum / weight, (largest * ROUNDING) ** 2);
}

/** A PSF in a box that repeats: its transform at the frequencies of the box. Where it lies changes no magnitude. */
function wrapped(psf: { readonly shape: Vec3; readonly values: ArrayLike<number> }, shape: Vec3): Float64Array {
  const box = new Float64Array(voxelCount(shape));
  for (let index = 0; index < psf.values.length; index++) {
    const [z, y, x] = positionAt(index, psf.shape);
    const at = ((z % shape[0]) * shape[1] + y % shape[1]) * shape[2] + x % shape[2];
    box[at] = box[at]! + psf.values[index]!;
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
