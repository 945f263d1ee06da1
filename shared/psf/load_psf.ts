/**
 * From a file to a point spread function that the kernels can use: non-negative, of sum 1, with its extent known.
 */
import { channelCount } from "shared/volume/channels.ts";
import type { Location, PsfLocation } from "shared/contract/location.ts";
import type { PsfInfo } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { hashHex } from "shared/image/output/hash.ts";
import type { Image } from "shared/image/image.ts";
import { openImage } from "shared/image/open_image.ts";
import { readBox } from "shared/image/read/read_box.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { redactUrl } from "shared/storage/url.ts";
import { energyRadius } from "./measure/energy_radius.ts";

/** A PSF is held whole in memory; this many voxels are 2 GiB. */
const MAX_VOXELS = 2 ** 29;

/** A point spread function, ready for the kernels. */
export interface Psf {
  readonly info: PsfInfo;
  /** Values >= 0 of sum 1, x contiguous. */
  readonly volume: { readonly shape: Vec3; readonly values: Float32Array };
  /** Changes on entry, one line each. */
  readonly warnings: readonly string[];
}

/** A PSF, or one for each of several channels, of which only the metadata were read. */
export interface OpenPsf {
  /** 1 for an array without c. */
  readonly channels: number;
  /**
   * Reads one 2-D or 3-D PSF of any numeric type and normalises it: negative values become 0, then the sum (taken in float64)
   * becomes 1. A 2-D PSF gets one plane.
   *
   * @param channel may be left out if there is only one
   * @throws {ClearstackError} `invalid-request` if it is all zeros, has a negative sum or more than one volume; `corrupt-data` for
   *   NaN or infinite values
   */
  load(channel?: number, options?: RequestOptions): Promise<Psf>;
}

/**
 * Opens a Zarr array or a TIFF as PSF.
 *
 * @throws {ClearstackError} whatever `openImage` throws
 */
export async function openPsf(location: Location, options: RequestOptions = {}): Promise<OpenPsf> {
  const image = await openImage(location, { ...options, pagesAreZ: true });
  return {
    channels: channelCount(image.info),
    load: (channel, options = {}) => readPsf(image, channel, options),
  };
}

/**
 * Loads the PSF that a location names.
 *
 * @throws {ClearstackError} what {@link openPsf} and loading throw
 */
export async function loadPsf(location: PsfLocation, options: RequestOptions = {}): Promise<Psf> {
  return await (await openPsf(location, options)).load(location.channel, options);
}

async function readPsf(image: Image, channel: number | undefined, options: RequestOptions): Promise<Psf> {
  const where = `the PSF ${redactUrl(image.info.url)}`;
  const { outer, shape } = volumeOf(image, channel, where);
  const box = { start: [0, 0, 0] as const, shape };
  const { values } = await readBox(image, { outer, box, boundary: "constant", ...options });
  const warnings = normalise(values, where);
  const shapeBytes = new TextEncoder().encode(shape.join(","));
  const sha256 = await hashHex(shapeBytes, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return { info: { shape, sha256, radius: energyRadius({ shape, values }) }, volume: { shape, values }, warnings };
}

function volumeOf({ info }: Image, channel: number | undefined, where: string) {
  const spatial = info.axes.filter((axis) => axis.type === "space").length;
  const outerShape = info.shape.slice(0, -spatial);
  const channels = channelCount(info);
  if (outerShape.some((length, axis) => length !== 1 && !(info.axes[axis]!.name === "c" && channel !== undefined))) {
    throw new ClearstackError("invalid-request", `${where} has the shape ${info.shape}; give one 2-D or 3-D volume`);
  }
  if (channel !== undefined && channel >= channels) {
    const last = channels === 1 ? "the only one is 0" : `the last one is ${channels - 1}`;
    throw new ClearstackError("invalid-request", `${where} has no channel ${channel}: ${last}`);
  }
  const sides = info.shape.slice(-spatial);
  const voxels = sides.reduce((product, side) => product * side, 1);
  if (voxels > MAX_VOXELS) {
    throw new ClearstackError("unsupported", `${where} has ${voxels} voxels; crop it to its bright part`);
  }
  return {
    outer: outerShape.map((_, axis) => info.axes[axis]!.name === "c" ? channel ?? 0 : 0),
    shape: (spatial === 3 ? sides : [1, ...sides]) as unknown as Vec3,
  };
}

/** In place. @returns warnings */
function normalise(values: Float32Array, where: string): string[] {
  let sum = 0;
  let negatives = 0;
  let negativeSum = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) {
      throw new ClearstackError("corrupt-data", `${where} holds NaN or infinite values; mend them first`);
    }
    sum += value;
    if (value < 0) {
      negatives++;
      negativeSum += value;
    }
  }
  const positiveSum = sum - negativeSum;
  if (positiveSum === 0 && negatives === 0) throw new ClearstackError("invalid-request", `${where} is zero everywhere`);
  if (sum <= 0) {
    throw new ClearstackError(
      "invalid-request",
      `${where} has the sum ${sum.toPrecision(3)}; a PSF must have a positive one`,
    );
  }
  for (let index = 0; index < values.length; index++) values[index] = Math.max(values[index]!, 0) / positiveSum;
  if (negatives === 0) return [];
  const share = (-100 * negativeSum / positiveSum).toPrecision(2);
  return [`${where} had ${negatives} negative values (${share} % of its sum); they count as 0`];
}
