/** Arguments that the `psf` commands share. */
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { openImage } from "shared/image/open_image.ts";
import { CENTRES } from "shared/psf/centring.ts";
import type { RepairOptions } from "shared/psf/measure/repair_psf.ts";
import { checkVoxel, type Objective } from "shared/psf/generate/optics.ts";
import { voxelMicrometre } from "shared/psf/spacing.ts";
import { redactUrl } from "shared/storage/url.ts";
import { finiteNumber, oneOf, refuseValue } from "../../flags/argument_values.ts";
import type { Flag, ParsedArguments } from "../../flags/parse_arguments.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";

export const VOXEL_FORM = "a voxel size in micrometres, Z,Y,X such as 0.2,0.1,0.1 (Y,X for a 2-D image)";

/** The microscope's lens. */
export const OBJECTIVE_FLAGS = {
  "na": { form: "the numerical aperture, such as 1.4" },
  "wavelength": { form: "the emission wavelength in nanometres, such as 520" },
  "index": { form: "the refractive index of the immersion medium: oil 1.515, glycerol 1.47, water 1.33, air 1" },
} satisfies Record<string, Flag>;

/** The voxel size to make a PSF for. */
export const VOXEL_FLAGS = {
  "voxel": { form: VOXEL_FORM },
  "like": { form: "an image whose voxel size is taken" },
  "path": { form: "the path of an array inside the image of --like" },
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
  const flags = ["na", "wavelength", "index"] as const;
  if (!flags.some((flag) => args.has(flag))) return undefined;
  const [na, wavelength, immersionIndex] = flags.map((flag) => {
    const value = number(args, flag, OBJECTIVE_FLAGS);
    if (value === undefined) {
      throw new ClearstackError("invalid-request", `--${flag} is missing: expected ${OBJECTIVE_FLAGS[flag].form}`);
    }
    return value;
  }) as [number, number, number];
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
export function voxel(args: ParsedArguments, flag: string): Vec3 | undefined {
  const size = decimals(args, flag, VOXEL_FORM);
  if (size !== undefined) checkVoxel(size);
  return size;
}

/** The voxel size of `--voxel`, or of the image named by `--like`; undefined if neither was given. */
export async function targetVoxel(args: ParsedArguments, access: StoreAccess): Promise<Vec3 | undefined> {
  const [size, like] = [voxel(args, "voxel"), args.value("like")];
  if (size !== undefined && like !== undefined) {
    throw new ClearstackError("invalid-request", "--voxel and --like both give the voxel size: leave one out");
  }
  if (like === undefined) {
    if (args.has("path")) throw new ClearstackError("invalid-request", "--path goes with --like IMAGE");
    return size;
  }
  const { info } = await openImage(location(like, args.value("path")), access);
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

/** A place, with a path inside it if one was given. */
export function location(url: string, path: string | undefined): Location {
  return { url, ...(path === undefined ? {} : { path }) };
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
