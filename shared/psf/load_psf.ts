/** Reads the PSFs of jobs. */
import { channelCount } from "shared/volume/channels.ts";
import type { PsfLocation, TaskPsf } from "shared/contract/location.ts";
import type { Optics, PsfFit } from "shared/contract/psf_info.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { refuseNotFinite } from "./read_volume.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import type { Image } from "shared/image/image.ts";
import { openImage } from "shared/image/open_image.ts";
import { readBox } from "shared/image/read/read_box.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { redactUrl } from "shared/storage/url.ts";
import { sumOf } from "./psf_volume.ts";
import { computedInfo, computedName, computePsf, resolveOptics } from "./generate/computed_psf.ts";
import { fitPsf, type Psf, type StoredPsf } from "./fit_psf.ts";

/** A PSF is held whole in memory; this many voxels are 2 GiB. */
const MAX_VOXELS = 2 ** 29;

/** A PSF, or one for each of several channels, of which only the metadata were read. */
export interface OpenPsf {
  /** Where it is, or what it is computed from. */
  readonly location: TaskPsf;
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
   * @param channel may be left out if there is only one
   * @throws {ClearstackError} `invalid-request` if there is more than one volume, or its sum is not positive; `corrupt-data` for NaN or infinite values
   */
  read(channel?: number, options?: RequestOptions): Promise<StoredPsf>;
}

/**
 * Opens a Zarr array or a TIFF as PSF.
 *
 * @throws {ClearstackError} whatever `openImage` throws
 */
export async function openPsf(location: PsfLocation, options: StoreAccess): Promise<OpenPsf> {
  const { channel: _, ...place } = location;
  const image = await openImage(place, { ...options, pagesAreZ: true });
  return {
    location,
    where: `the PSF ${redactUrl(image.info.url)}`,
    info: image.info,
    channels: channelCount(image.info),
    shape: spatialShape(image.info),
    read: (channel, options = {}) => readPsf(image, channel, options),
  };
}

/**
 * The PSFs that are computed for an image: one for each channel, or one for all.
 *
 * @param image the selected part of the source
 * @throws {ClearstackError} `invalid-request` for optics that are not known, or that no microscope has
 */
export function openComputedPsfs(optics: Optics, image: ImageInfo): OpenPsf[] {
  return resolveOptics(optics, image).map((psf) => {
    const info = computedInfo(psf);
    return {
      location: { optics: psf },
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

async function readPsf(image: Image, channel: number | undefined, options: RequestOptions): Promise<StoredPsf> {
  const where = `the PSF ${redactUrl(image.info.url)}`;
  const { outer, shape } = volumeOf(image, channel, where);
  const box = { start: [0, 0, 0] as const, shape };
  const { values } = await readBox(image, { outer, box, boundary: "constant", ...options });
  refuseNotFinite(values, shape, where);
  refuseDark(values, where);
  return { where, shape, values };
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
  const shape = spatialShape(info);
  const voxels = voxelCount(shape);
  if (voxels > MAX_VOXELS) {
    throw new ClearstackError("unsupported", `${where} has ${voxels} voxels; crop it to its bright part`);
  }
  return {
    outer: outerShape.map((_, axis) => info.axes[axis]!.name === "c" ? channel ?? 0 : 0),
    shape,
  };
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
