/** From a PSF as it is stored to one that the kernels can use: of a shape that goes with the image, non-negative, of sum 1. */
import type { PsfFit, PsfInfo, PsfPlane } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { hashHex } from "shared/image/output/hash.ts";
import { energyRadius } from "./measure/energy_radius.ts";
import { brightestVoxel } from "./measure/widths.ts";
import { aboutCentre, normalised, type PsfSamples, type PsfVolume, sumOf, withoutNegatives } from "./psf_volume.ts";
import { resampled, resampledSide } from "./resample_psf.ts";

/** A PSF as it is stored. */
export interface StoredPsf {
  /** Name for messages. */
  readonly where: string;
  readonly shape: Vec3;
  /** Finite, x contiguous; of a positive sum. */
  readonly values: Float32Array;
}

/** A point spread function, ready for the kernels. */
export interface Psf {
  readonly info: PsfInfo;
  /** Values >= 0 of sum 1, x contiguous. */
  readonly volume: { readonly shape: Vec3; readonly values: Float32Array };
}

/** Fitting works in double precision; this many voxels are 2 GiB. */
const MAX_FITTED_VOXELS = 2 ** 28;

/**
 * Fits a PSF to an image and normalises it: negative values become 0, the steps of `fit` are done, then the sum (taken in
 * float64) becomes 1. The same input gives the same bits on every machine.
 *
 * @param stored its values are overwritten
 * @throws {ClearstackError} `invalid-request` if none of its light is left; `unsupported`
 *   above 2^28 voxels where there is something to fit
 */
export async function fitPsf({ where, shape, values }: StoredPsf, fit?: PsfFit): Promise<Psf> {
  const positiveSum = removeNegatives(values);
  if (fit === undefined) {
    for (let index = 0; index < values.length; index++) values[index] = values[index]! / positiveSum;
    return { info: await infoOf(shape, values), volume: { shape, values } };
  }
  if (values.length > MAX_FITTED_VOXELS) {
    throw new ClearstackError(
      "unsupported",
      `${where} has ${values.length} voxels, too many to be fitted to the image: crop it with psf crop`,
      { need: values.length, limit: MAX_FITTED_VOXELS },
    );
  }
  const flat = fit.plane === undefined
    ? { shape, values: Float64Array.from(values) }
    : inPlane({ shape, values }, fit.plane);
  const whole = fit.resample === undefined ? flat : atRatio(flat, fit.resample, where);
  const part = fit.crop === undefined ? whole : aboutCentre(whole, fit.crop);
  if (sumOf(part) === 0) {
    const brightest = `${formatVec3(brightestVoxel(whole))} of ${formatVec3(whole.shape)}`;
    throw new ClearstackError(
      "invalid-request",
      `${where} is zero in the ` +
        `${formatVec3(part.shape)} voxels about its centre, all that the image can use: its brightest ` +
        `voxel is ${brightest}; recentre it with psf resample --recentre peak`,
    );
  }
  const fitted = Float32Array.from(normalised(part).values);
  const normalisation = fit.crop === undefined ? {} : { normalisation: sumOf(whole) / sumOf(part) };
  return {
    info: { ...await infoOf(part.shape, fitted), fit, ...normalisation },
    volume: { shape: part.shape, values: fitted },
  };
}

/** @param ratio new voxel size in old voxels */
function atRatio(volume: PsfVolume, ratio: Vec3, where: string): PsfVolume {
  const voxels = voxelCount(mapAxes((axis) => resampledSide(volume.shape[axis], ratio[axis])));
  if (voxels > MAX_FITTED_VOXELS) {
    throw new ClearstackError(
      "unsupported",
      `${where} has ${voxels} voxels at the voxel size of the image, too many: crop it with psf crop`,
      { need: voxels, limit: MAX_FITTED_VOXELS },
    );
  }
  // Polynomials overshoot beside sharp peaks.
  return withoutNegatives(resampled(volume, { from: [1, 1, 1], to: ratio })).volume;
}

/** The plane of focus, that of the brightest voxel, or the sum of all planes. */
export function inPlane(volume: PsfSamples, take: PsfPlane): PsfVolume {
  const shape = [1, volume.shape[1], volume.shape[2]] as const;
  const voxels = voxelCount(shape);
  if (take === "focus") {
    const first = brightestVoxel(volume)[0] * voxels;
    return { shape, values: Float64Array.from(volume.values.subarray(first, first + voxels)) };
  }
  const values = new Float64Array(voxels);
  for (let index = 0; index < volume.values.length; index++) values[index % voxels] += volume.values[index]!;
  return { shape, values };
}

async function infoOf(shape: Vec3, values: Float32Array): Promise<PsfInfo> {
  const shapeBytes = new TextEncoder().encode(shape.join(","));
  const sha256 = await hashHex(shapeBytes, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return { shape, sha256, radius: energyRadius({ shape, values }) };
}

/** Sets them to 0 in place. @returns the sum of the others */
function removeNegatives(values: Float32Array): number {
  let sum = 0;
  let negativeSum = 0;
  for (const value of values) {
    sum += value;
    if (value < 0) negativeSum += value;
  }
  if (negativeSum < 0) {
    for (let index = 0; index < values.length; index++) {
      values[index] = Math.max(values[index]!, 0);
    }
  }
  return sum - negativeSum;
}
