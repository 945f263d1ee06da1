/** Inspection of a PSF before it is trusted: measures, and what is wrong with it. */
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { mapAxes } from "shared/volume/geometry.ts";
import { centreOfMass, centreOfPeak } from "../centring.ts";
import { energyRadius } from "./energy_radius.ts";
import { nyquistMicrometre, type Objective } from "../generate/optics.ts";
import { centreVoxel, type PsfVolume, sumOf, withoutNegatives } from "../psf_volume.ts";
import { brightestVoxel, widthsThrough } from "./widths.ts";

/** Knowledge besides the voxels. */
interface InspectOptions {
  /** z is 0 for a single plane without thickness. */
  readonly voxelMicrometre?: Vec3 | undefined;
  readonly objective?: Objective | undefined;
}

/** Triples are in the order z, y, x; positions are voxel indices. */
export interface PsfInspection {
  readonly shape: Vec3;
  readonly voxelMicrometre?: Vec3;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Share of the magnitudes that is negative. */
  readonly negativeShare: number;
  /** Voxel that the kernels take for the centre. */
  readonly arrayCentre: Vec3;
  readonly brightestVoxel: Vec3;
  /** Between voxels: see {@link centreOfPeak}. */
  readonly peak: Vec3;
  readonly centreOfMass: Vec3;
  /** Full width at half height; null where the array ends before that. */
  readonly fwhmVoxels: readonly (number | null)[];
  readonly fwhmMicrometre?: readonly (number | null)[];
  /** Half widths that hold 99.9 % of the light: see {@link energyRadius}. */
  readonly energyRadius: Vec3;
  /** Level below which a hundredth of the voxels lie, as share of the peak. */
  readonly pedestal: number;
  /** Brightest voxel on the faces across each axis, as share of the peak. */
  readonly onFaces: Vec3;
  /** Coarsest spacing that loses no detail of wide-field light. */
  readonly nyquistMicrometre?: Vec3;
  /** Voxel size over that spacing: above 1 is too coarse. */
  readonly overNyquist?: Vec3;
  readonly warnings: readonly string[];
}

const AXES = ["z", "y", "x"] as const;

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
export function inspectPsf(volume: PsfVolume, { voxelMicrometre, objective }: InspectOptions = {}): PsfInspection {
  const { shape, values } = volume;
  const sum = sumOf(volume);
  const max = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (max <= 0 && sum === 0) throw new ClearstackError("invalid-request", "the PSF is zero everywhere");
  if (!(sum > 0)) {
    throw new ClearstackError(
      "invalid-request",
      `the PSF has the sum ${sum.toPrecision(3)}; it must have a positive one`,
    );
  }
  const { volume: positive, negativeShare } = withoutNegatives(volume);
  const brightest = brightestVoxel(volume);
  const fwhmVoxels = widthsThrough(volume, brightest).map((width) => width ?? null);
  const nyquist = objective === undefined ? undefined : nyquistMicrometre(objective);
  const measured = {
    shape,
    ...(voxelMicrometre === undefined ? {} : {
      voxelMicrometre,
      fwhmMicrometre: fwhmVoxels.map((width, axis) => width === null ? null : width * voxelMicrometre[axis]),
    }),
    sum,
    min: values.reduce((least, value) => Math.min(least, value), Infinity),
    max,
    negativeShare,
    arrayCentre: centreVoxel(shape),
    brightestVoxel: brightest,
    peak: centreOfPeak(volume),
    centreOfMass: centreOfMass(volume),
    fwhmVoxels,
    energyRadius: energyRadius({ shape, values: Float32Array.from(positive.values) }),
    pedestal: values.toSorted()[Math.floor(values.length / 100)] / max,
    onFaces: faceMaxima(volume).map((value) => value / max) as unknown as Vec3,
    ...(nyquist === undefined ? {} : { nyquistMicrometre: nyquist }),
    ...(nyquist === undefined || voxelMicrometre === undefined
      ? {}
      : { overNyquist: mapAxes((axis) => voxelMicrometre[axis] / nyquist[axis]) }),
  };
  return { ...measured, warnings: warningsOf(measured, values.length) };
}

/** Brightest voxel of the first and last layer across each axis; 0 where an axis has one layer. */
function faceMaxima({ shape, values }: PsfVolume): Vec3 {
  const most: [number, number, number] = [0, 0, 0];
  let index = 0;
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++, index++) {
        [z, y, x].forEach((at, axis) => {
          const onFace = shape[axis] > 1 && (at === 0 || at === shape[axis] - 1);
          if (onFace) most[axis] = Math.max(most[axis], values[index]);
        });
      }
    }
  }
  return most;
}

function warningsOf(psf: Omit<PsfInspection, "warnings">, voxels: number): string[] {
  const warnings: string[] = [];
  const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;
  const offset = mapAxes((axis) => psf.peak[axis] - psf.arrayCentre[axis]);
  // The peak of aberrated light is lopsided: only where the brightest voxel is another one, too, it is off.
  if (offset.some((distance, axis) => Math.abs(distance) > 0.5 && psf.brightestVoxel[axis] !== psf.arrayCentre[axis])) {
    const moved = offset.map((distance) => distance.toFixed(1)).join(", ");
    warnings.push(`off-centre: results will be moved by ${moved} voxels (z, y, x); mend it with --recentre peak`);
  }
  const pedestal = psf.pedestal * psf.max * voxels / psf.sum;
  if (pedestal > 0.05) {
    warnings.push(
      `background: a pedestal makes up ${percent(pedestal)} of the sum; take it off with --subtract-background`,
    );
  }
  const clipped = AXES.filter((_, axis) => psf.onFaces[axis] - Math.max(0, psf.pedestal) > 0.02);
  if (clipped.length > 0) {
    const shares = clipped.map((name) => `${percent(psf.onFaces[AXES.indexOf(name)])} along ${name}`).join(", ");
    warnings.push(
      `cut off: at the array's faces it is still as bright as ${shares} of its peak; a larger array holds more`,
    );
  }
  if (psf.negativeShare > 0) {
    warnings.push(`negative values hold ${percent(psf.negativeShare)} of it; they count as 0 when it is used`);
  }
  const coarse = AXES.filter((_, axis) => (psf.overNyquist?.[axis] ?? 0) > 1);
  if (coarse.length > 0) {
    const ratios = coarse.map((name) => `${psf.overNyquist![AXES.indexOf(name)].toFixed(2)} times along ${name}`);
    warnings.push(`undersampled: voxels exceed the Nyquist spacing ${ratios.join(", ")}; finer detail is lost`);
  }
  return warnings;
}
