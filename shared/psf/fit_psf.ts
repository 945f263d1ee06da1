/** From a PSF as it is stored to one that the kernels can use: of a shape that goes with the image, non-negative, of sum 1. */
import type { PsfFit, PsfInfo, PsfPlane } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { hashHex } from "shared/image/output/hash.ts";
import { energyRadius } from "./measure/energy_radius.ts";
import { brightestVoxel } from "./measure/widths.ts";
import { aboutCentre, normalised, type PsfVolume, sumOf } from "./psf_volume.ts";

/** A PSF as it is stored. */
export interface StoredPsf {
  /** Name for messages. */
  readonly where: string;
  readonly shape: Vec3;
  /** Finite, x contiguous. */
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
 * @throws {ClearstackError} `invalid-request` if it is all zeros, has a negative sum or none of its light is left; `unsupported`
 *   above 2^28 voxels where there is something to fit
 */
export async function fitPsf({ where, shape, values }: StoredPsf, fit?: PsfFit): Promise<Psf> {
  const positiveSum = removeNegatives(values, where);
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
  const whole = inPlane({ shape, values: Float64Array.from(values) }, fit.plane);
  const part = fit.crop === undefined ? whole : aboutCentre(whole, fit.crop);
  if (sumOf(part) === 0) {
    throw new ClearstackError(
      "invalid-request",
      `${where} is zero in the ${
        formatVec3(part.shape)
      } voxels about its centre, all that the image can use: its brightest ` +
        `voxel is ${formatVec3(brightestVoxel(whole))} of ${
          formatVec3(whole.shape)
        }; recentre it with psf resample --recentre peak`,
    );
  }
  const fitted = Float32Array.from(normalised(part).values);
  const normalisation = fit.crop === undefined ? {} : { normalisation: sumOf(whole) / sumOf(part) };
  return {
    info: { ...await infoOf(part.shape, fitted), fit, ...normalisation },
    volume: { shape: part.shape, values: fitted },
  };
}

/** The plane of focus, that of the brightest voxel, or the sum of all planes; `undefined` keeps them. */
export function inPlane(volume: PsfVolume, take: PsfPlane | undefined): PsfVolume {
  if (take === undefined) return volume;
  const shape = [1, volume.shape[1], volume.shape[2]] as const;
  const voxels = voxelCount(shape);
  if (take === "focus") {
    const first = brightestVoxel(volume)[0] * voxels;
    return { shape, values: volume.values.slice(first, first + voxels) };
  }
  const values = new Float64Array(voxels);
  volume.values.forEach((value, index) => values[index % voxels]! += value);
  return { shape, values };
}

async function infoOf(shape: Vec3, values: Float32Array): Promise<PsfInfo> {
  const shapeBytes = new TextEncoder().encode(shape.join(","));
  const sha256 = await hashHex(shapeBytes, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return { shape, sha256, radius: energyRadius({ shape, values }) };
}

/** Sets them to 0 in place. @returns the sum of the others */
function removeNegatives(values: Float32Array, where: string): number {
  let sum = 0;
  let negativeSum = 0;
  for (const value of values) {
    sum += value;
    if (value < 0) negativeSum += value;
  }
  if (sum === 0 && negativeSum === 0) throw new ClearstackError("invalid-request", `${where} is zero everywhere`);
  if (sum <= 0) {
    throw new ClearstackError(
      "invalid-request",
      `${where} has the sum ${sum.toPrecision(3)}; a PSF must have a positive one`,
    );
  }
  if (negativeSum < 0) {
    for (let index = 0; index < values.length; index++) {
      values[index] = Math.max(values[index]!, 0);
    }
  }
  return sum - negativeSum;
}
