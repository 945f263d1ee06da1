/** Arguments that the `psf` commands share. */
import { PAGES_MODES } from "shared/contract/image_info.ts";
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { openImage } from "shared/image/open_image.ts";
import { CENTRES } from "shared/psf/centring.ts";
import type { RepairOptions } from "shared/psf/measure/repair_psf.ts";
import { checkVoxel, type Objective } from "shared/psf/generate/optics.ts";
import type { VolumeChoice } from "shared/psf/choose_volume.ts";
import { isOneVolume } from "shared/psf/load_psf.ts";
import { readVolume, type StoredVolume } from "shared/psf/read_volume.ts";
import { voxelMicrometre } from "shared/psf/spacing.ts";
import { redactUrl } from "shared/storage/url.ts";
import {
  axesOf,
  channelOfText,
  finiteNumber,
  indexOf,
  oneOf,
  refusePair,
  refuseValue,
  requireFlags,
} from "../../flags/argument_values.ts";
import type { Flag, ParsedArguments } from "../../flags/parse_arguments.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";

export const VOXEL_FORM = "a voxel size in micrometres, Z,Y,X such as 0.2,0.1,0.1 (Y,X for a 2-D image)";

/** The microscope's lens. */
export const OBJECTIVE_FLAGS = {
  "na": { form: "the numerical aperture, such as 1.4" },
  "emission": { form: "the emission wavelength in nanometres, such as 520" },
  "index": { form: "the refractive index of the immersion medium: oil 1.515, glycerol 1.47, water 1.33, air 1" },
} satisfies Record<string, Flag>;

/** Choose one volume of a PSF or an image of beads that is stored with others. */
export const VOLUME_FLAGS = {
  "path": { form: "the path of an array inside the file, or the number of an image of an OME-TIFF" },
  "channel": { form: "a channel by index or name, such as 0 or DAPI" },
  "time": { form: "a time point, a whole number from 0" },
  "axes": { form: "the axes of a file that does not state them, in the order tczyx, such as zyx" },
  "pages": { form: `one of ${PAGES_MODES.join(", ")}` },
} satisfies Record<string, Flag>;

/** The voxel size to make a PSF for. */
export const VOXEL_FLAGS = {
  "voxel": { form: VOXEL_FORM },
  "like": { form: "an image whose voxel size is taken" },
  "like-path": { form: "the path of an array inside the image of --like" },
} satisfies Record<string, Flag>;

/** Flags that repair a measured PSF. */
export const REPAIR_FLAGS = {
  "subtract-background": {},
  "background": { form: "the level to subtract, a number" },
  "recentre": { form: `one of ${CENTRES.join(", ")}` },
  "radial-average": {},
  "crop-energy": { form: "the share of light to keep, above 0 and at most 1, such as 0.999" },
} satisfies Record<string, Flag>;

/** Flags that place the result. */
export const OUTPUT_FLAGS = {
  "picture": { form: "a PNG file to draw the PSF into" },
  "overwrite": {},
  "json": {},
} satisfies Record<string, Flag>;

/** A number of a flag, if it was given. */
export function number(args: ParsedArguments, flag: string, forms: Readonly<Record<string, Flag>>): number | undefined {
  const text = args.value(flag);
  return text === undefined ? undefined : finiteNumber(flag, text, forms[flag]!.form!);
}

/** The lens, if any part of it was given. */
export function objective(args: ParsedArguments): Objective | undefined {
  const flags = ["na", "emission", "index"] as const;
  if (!flags.some((flag) => args.has(flag))) return undefined;
  requireFlags(args, flags, OBJECTIVE_FLAGS);
  const [na, wavelength, immersionIndex] = flags.map((flag) => number(args, flag, OBJECTIVE_FLAGS)!) as [
    number,
    number,
    number,
  ];
  return { na, wavelengthMicrometre: wavelength / 1000, immersionIndex };
}

/** Decimal numbers `Z,Y,X`, or `Y,X` with z 0; undefined if the flag was not given. */
export function decimals(args: ParsedArguments, flag: string, form: string): Vec3 | undefined {
  const text = args.value(flag);
  if (text === undefined) return undefined;
  const parts = text.split(",");
  if (parts.length !== 3 && parts.length !== 2) refuseValue(flag, text, form);
  const numbers = parts.map((part) => /^(\d+\.?\d*|\.\d+)(e-?\d+)?$/i.test(part) ? Number(part) : NaN);
  if (!numbers.every((value) => value > 0)) refuseValue(flag, text, form);
  return (numbers.length === 3 ? numbers : [0, ...numbers]) as unknown as Vec3;
}

/** A voxel size given by a flag. */
function voxel(args: ParsedArguments, flag: string): Vec3 | undefined {
  const size = decimals(args, flag, VOXEL_FORM);
  if (size !== undefined) checkVoxel(size);
  return size;
}

/**
 * The same for a volume of this shape.
 *
 * @throws {ClearstackError} `invalid-request` for a size without z where there are several planes
 */
export function voxelFor([depth]: Vec3, args: ParsedArguments, flag: string): Vec3 | undefined {
  const size = voxel(args, flag);
  if (size?.[0] === 0 && depth > 1) refusePair(flag, args.value(flag)!, "what it is for");
  return size;
}

/** The voxel size of `--voxel`, or of the image named by `--like`; undefined if neither was given. */
export async function targetVoxel(args: ParsedArguments, access: StoreAccess): Promise<Vec3 | undefined> {
  const [size, like] = [voxel(args, "voxel"), args.value("like")];
  if (size !== undefined && like !== undefined) {
    throw new ClearstackError("invalid-request", "--voxel and --like both give the voxel size: leave one out");
  }
  if (like === undefined) {
    if (args.has("like-path")) throw new ClearstackError("invalid-request", "--like-path goes with --like IMAGE");
    return size;
  }
  const path = args.value("like-path");
  const { info } = await openImage({ url: like, ...(path === undefined ? {} : { path }) }, access);
  const stated = voxelMicrometre(info);
  if (stated === undefined) {
    throw new ClearstackError(
      "invalid-request",
      `--like "${redactUrl(like)}" does not state its voxel size: give --voxel Z,Y,X`,
    );
  }
  checkVoxel(stated);
  return stated;
}

/**
 * Reads the volume of a PSF that {@link VOLUME_FLAGS} choose.
 *
 * @throws {ClearstackError} what reading throws, `invalid-request` where a choice is needed
 */
export async function readPsfVolume(url: string, args: ParsedArguments, access: StoreAccess): Promise<StoredVolume> {
  const { place, choice } = volumeChoice(url, args);
  return await readVolume(place, { ...choice, pagesAreZ: isOneVolume(choice), ...access });
}

/** The image that an argument and {@link VOLUME_FLAGS} name, and the volume of it. */
export function volumeChoice(url: string, args: ParsedArguments): { place: Location; choice: VolumeChoice } {
  const [path, channel, time] = ["path", "channel", "time"].map((flag) => args.value(flag));
  const [axes, pages] = ["axes", "pages"].map((flag) => args.value(flag));
  return {
    place: {
      url,
      ...(path === undefined ? {} : { path }),
      ...(axes === undefined ? {} : { axes: axesOf("axes", axes, VOLUME_FLAGS.axes.form) }),
      ...(pages === undefined ? {} : { pages: oneOf("pages", pages, PAGES_MODES) }),
    },
    choice: {
      ...(channel === undefined ? {} : { channel: channelOfText(channel) }),
      ...(time === undefined ? {} : { time: indexOf("time", time, VOLUME_FLAGS.time.form) }),
    },
  };
}

/** The steps asked for by {@link REPAIR_FLAGS}. */
export function repairOptions(args: ParsedArguments): RepairOptions {
  const [level, centre] = [number(args, "background", REPAIR_FLAGS), args.value("recentre")];
  const cropEnergy = number(args, "crop-energy", REPAIR_FLAGS);
  if (cropEnergy !== undefined && !(cropEnergy > 0 && cropEnergy <= 1)) {
    refuseValue("crop-energy", args.value("crop-energy")!, REPAIR_FLAGS["crop-energy"].form);
  }
  return {
    background: level ?? (args.has("subtract-background") ? "auto" : undefined),
    recentre: centre === undefined ? undefined : oneOf("recentre", centre, CENTRES),
    radialAverage: args.has("radial-average"),
    cropEnergy,
  };
}
