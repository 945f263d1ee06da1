/** Reads the PSFs of jobs. */
import { channelCount } from "shared/volume/channels.ts";
import type { PsfLocation, TaskPsf } from "shared/contract/location.ts";
import type { Optics, OpticsFrom, PsfFit } from "shared/contract/psf_info.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { refuseNotFinite } from "./read_volume.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import type { Image } from "shared/image/image.ts";
import { openImage } from "shared/image/open_image.ts";
import { readBox } from "shared/image/read/read_box.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { redactUrl } from "shared/storage/url.ts";
import { chosenVolume, type VolumeChoice } from "./choose_volume.ts";
import { sumOf } from "./psf_volume.ts";
import { computedInfo, computedName, computePsf, opticsOrigins, resolveOptics } from "./generate/computed_psf.ts";
import { fitPsf, type Psf, type StoredPsf } from "./fit_psf.ts";

/** Beginning of the flags that choose of a PSF. */
const PSF_FLAGS = "--psf-";

/** A PSF is held whole in memory; this many voxels are 2 GiB. */
const MAX_VOXELS = 2 ** 29;

/** A PSF, or one for each of several channels, of which only the metadata were read. */
export interface OpenPsf {
  /** Where it is, or what it is computed from. */
  readonly location: TaskPsf;
  /** Where the optics are stated, of one that is computed. */
  readonly opticsFrom?: OpticsFrom;
  /** Name for messages. */
  readonly where: string;
  readonly info: ImageInfo;
  /** 1 for an array without c. */
  readonly channels: number;
  /** Shape of one PSF; a 2-D one has one plane. */
  readonly shape: Vec3;
  /**
   * Reads one PSF of any numeric type as it is stored.
   *
   * @param channel by index or name; may be left out if there is only one
   * @throws {ClearstackError} `invalid-request` if there is more than one volume, or its sum is not positive; `corrupt-data` for NaN or infinite values
   */
  read(channel?: number | string, options?: RequestOptions): Promise<StoredPsf>;
}

/**
 * Opens a Zarr array or a TIFF as PSF.
 *
 * @throws {ClearstackError} whatever `openImage` throws
 */
export async function openPsf(location: PsfLocation, options: StoreAccess): Promise<OpenPsf> {
  const { channel: _, time, ...place } = location;
  const image = await openImage(place, { ...options, pagesAreZ: isOneVolume(location) }).catch(inTermsOfPsf);
  return {
    location,
    where: `the PSF ${redactUrl(image.info.url)}`,
    info: image.info,
    channels: channelCount(image.info),
    shape: spatialShape(image.info),
    read: (channel, options = {}) => readPsf(image, { time, channel }, options),
  };
}

/** True for a PSF of which no channel or time point is asked for: its pages can be nothing but planes of z. */
export function isOneVolume({ channel, time }: VolumeChoice): boolean {
  return channel === undefined && time === undefined;
}

/** What opening an image advises, as the flags that are a PSF's. */
function inTermsOfPsf(error: unknown): never {
  if (!isClearstackError(error)) throw error;
  const message = error.message.replaceAll(/--(?=(?:path|axes|pages)\b)/g, PSF_FLAGS);
  throw Object.assign(error, { message });
}

/**
 * The PSFs that are computed for an image: one for each channel, or one for all.
 *
 * @param image the selected part of the source
 * @throws {ClearstackError} `invalid-request` for optics that are not known, or that no microscope has
 */
export function openComputedPsfs(optics: Optics, image: ImageInfo): OpenPsf[] {
  const opticsFrom = opticsOrigins(optics, image);
  return resolveOptics(optics, image).map((psf) => {
    const info = computedInfo(psf);
    return {
      location: { optics: psf },
      opticsFrom,
      where: computedName(psf),
      info,
      channels: 1,
      shape: spatialShape(info),
      read: () => Promise.resolve(computePsf(psf)),
    };
  });
}

/**
 * Loads the PSF that a location names, fitted as a plan says.
 *
 * @throws {ClearstackError} what opening, reading and fitting throw
 */
export async function loadPsf(
  location: TaskPsf,
  { fit, ...options }: StoreAccess & { readonly fit?: PsfFit | undefined },
): Promise<Psf> {
  if ("optics" in location) return await fitPsf(computePsf(location.optics), fit);
  const opened = await openPsf(location, options);
  return await fitPsf(await opened.read(location.channel, options), fit);
}

async function readPsf(image: Image, choice: VolumeChoice, options: RequestOptions): Promise<StoredPsf> {
  const where = `the PSF ${redactUrl(image.info.url)}`;
  const outer = chosenVolume(image.info, choice, { where, prefix: PSF_FLAGS });
  const shape = spatialShape(image.info);
  const voxels = voxelCount(shape);
  if (voxels > MAX_VOXELS) {
    throw new ClearstackError("unsupported", `${where} has ${voxels} voxels; crop it to its bright part`);
  }
  const box = { start: [0, 0, 0] as const, shape };
  const { values } = await readBox(image, { outer, box, boundary: "constant", ...options });
  refuseNotFinite(values, shape, where);
  refuseDark(values, where);
  return { where, shape, values };
}

function refuseDark(values: Float32Array, where: string): void {
  const sum = sumOf({ values });
  if (sum > 0) return;
  const dark = sum === 0 && values.every((value) => value === 0);
  throw new ClearstackError(
    "invalid-request",
    dark ? `${where} is zero everywhere` : `${where} has the sum ${sum.toPrecision(3)}; a PSF must have a positive one`,
  );
}
