/** Inspection of a PSF before it is trusted: measures, and what is wrong with it. */
import { ClearstackError } from "shared/errors.ts";
import { mapAxes, stridesOf, type Vec3 } from "shared/volume/geometry.ts";
import { centreOfMass, centreOfPeak, rolled, wrappedBy } from "../centring.ts";
import { energyRadius } from "./energy_radius.ts";
import { nyquistMicrometre, type Objective } from "../generate/optics.ts";
import { psfFaults } from "./psf_faults.ts";
import type { PsfMeasures } from "./psf_measures.ts";
import { centreVoxel, type PsfSamples, sumOf } from "../psf_volume.ts";
import { brightestPoint, brightestVoxel, widthsThrough } from "./widths.ts";

/** Knowledge besides the voxels. */
interface InspectOptions {
  /** z is 0 for a single plane without thickness. */
  readonly voxelMicrometre?: Vec3 | undefined;
  readonly objective?: Objective | undefined;
}

/** What is known of a PSF, and what is wrong with it. */
export interface PsfInspection extends PsfMeasures {
  /** Faults, one line each: see {@link psfFaults}. */
  readonly warnings: readonly string[];
}

/**
 * Measures a PSF as it is, without mending it first.
 *
 * @throws {ClearstackError} `invalid-request` if it is zero everywhere or its sum is not positive
 *
 * @example
 * ```ts
 * import { inspectPsf } from "@clearstack/clearstack";
 *
 * const { sum, brightestVoxel } = inspectPsf({ shape: [1, 3, 3], values: Float64Array.of(0, 1, 0, 1, 4, 1, 0, 1, 0) });
 * console.log(sum, brightestVoxel); // 8 [ 0, 1, 1 ]
 * ```
 */
export function inspectPsf(volume: PsfSamples, { voxelMicrometre, objective }: InspectOptions = {}): PsfInspection {
  const { shape, values } = volume;
  const sum = sumOf(volume);
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (max <= 0 && sum === 0) throw new ClearstackError("invalid-request", "the PSF is zero everywhere");
  if (!(sum > 0)) {
    throw new ClearstackError(
      "invalid-request",
      `the PSF has the sum ${sum.toPrecision(3)}; it must have a positive one`,
    );
  }
  // A peak that goes on at the opposite edge is measured as a whole.
  const by = wrappedBy(volume);
  const whole = by.some((voxels) => voxels > 0) ? rolled(volume, by) : volume;
  const brightest = brightestVoxel(whole);
  const inArray = (position: Vec3) => mapAxes((axis) => position[axis] - by[axis]);
  const fwhmVoxels = mapAxes((axis) => widthsThrough(whole, brightest)[axis] ?? null);
  const nyquist = objective && nyquistMicrometre(objective);
  const measured = {
    shape,
    ...(voxelMicrometre === undefined ? {} : {
      voxelMicrometre,
      fwhmMicrometre: mapAxes((axis) => {
        const width = fwhmVoxels[axis];
        return width === null ? null : width * voxelMicrometre[axis];
      }),
    }),
    sum,
    min,
    max,
    negativeShare: shareOfNegatives(values),
    arrayCentre: centreVoxel(shape),
    brightestVoxel: brightestVoxel(volume),
    brightestPoint: inArray(brightestPoint(whole, brightest)),
    peak: inArray(centreOfPeak(whole)),
    centreOfMass: centreOfMass(volume),
    fwhmVoxels,
    energyRadius: energyRadius(volume),
    pedestal: pedestalOf(values) / max,
    onFaces: mapAxes((axis) => faceMaximum(whole, axis) / max),
    ...(nyquist === undefined ? {} : { nyquistMicrometre: nyquist }),
    ...(nyquist === undefined || voxelMicrometre === undefined
      ? {}
      : { overNyquist: mapAxes((axis) => voxelMicrometre[axis] / nyquist[axis]) }),
  };
  return { ...measured, warnings: psfFaults(measured).map(({ message }) => message) };
}

function shareOfNegatives(values: PsfSamples["values"]): number {
  let [negative, magnitudes] = [0, 0];
  for (const value of values) {
    magnitudes += Math.abs(value);
    if (value < 0) negative -= value;
  }
  return negative / magnitudes;
}

/** Values that are sorted to find the pedestal. */
const SORTED = 2 ** 20;

/** Fewer values than this say nothing of the darkest hundredth. */
const MIN_SORTED = 100;

/**
 * Level that all voxels have in common. Of a pedestal, the darkest hundredth and the darkest tenth of the voxels lie at nearly the
 * same level; the light that wide-field and aberrated PSFs spread over the whole array differs by a factor above 2 there. So the
 * darkest hundredth counts as far as the darkest tenth is not twice as bright.
 */
function pedestalOf(values: PsfSamples["values"]): number {
  if (values.length < MIN_SORTED) return 0;
  const step = Math.ceil(values.length / SORTED);
  // A step that divides rows would pick the same columns again and again.
  const stride = step > 1 ? step | 1 : 1;
  const sorted = Float64Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride]).sort();
  const [hundredth, tenth] = [100, 10].map((part) => sorted[Math.floor(sorted.length / part)]);
  return Math.max(0, Math.min(hundredth, 2 * hundredth - tenth));
}

/** Brightest voxel of the first and last layer across an axis; 0 where it has one layer. */
function faceMaximum({ shape, values }: PsfSamples, axis: 0 | 1 | 2): number {
  if (shape[axis] === 1) return 0;
  const sides = mapAxes((a) => a === axis ? 2 : shape[a]);
  const strides = stridesOf(shape);
  let most = 0;
  for (let z = 0; z < sides[0]; z++) {
    for (let y = 0; y < sides[1]; y++) {
      for (let x = 0; x < sides[2]; x++) {
        let index = 0;
        [z, y, x].forEach((at, a) => index += strides[a] * (a === axis ? at * (shape[axis] - 1) : at));
        most = Math.max(most, values[index]);
      }
    }
  }
  return most;
}
