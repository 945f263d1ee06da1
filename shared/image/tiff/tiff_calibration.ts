/**
 * The size of a voxel, from what a TIFF states of it: all of it or nothing. A size that is known along one axis alone would pass for
 * measured along the others.
 */
import type { GeoTIFFImage } from "geotiff";
import type { Warning } from "shared/contract/problem.ts";
import type { PageAxis, Spacing, TiffDescription } from "./describe/description.ts";
import { decoding } from "./tiff_file.ts";

/** An axis of an image. */
type AxisName = PageAxis | "y" | "x";

/** Scale and units along all axes. */
interface Calibration {
  readonly scale: readonly number[];
  readonly units: readonly (string | undefined)[];
  readonly warnings: readonly Warning[];
}

/** Micrometres of the units that XResolution counts voxels per, by ResolutionUnit. */
const RESOLUTION_MICROMETRE: Readonly<Record<number, number>> = { 2: 25_400, 3: 10_000 };

/** Distances above this, micrometres, are those of a printer or a scanner, which writers fill in unasked. */
const MAX_MICROSCOPE_MICROMETRE = 10;

/**
 * @param names of all axes
 * @param shape along them
 */
export async function calibrate(
  page: GeoTIFFImage,
  { names, shape, description, where }: {
    readonly names: readonly AxisName[];
    readonly shape: readonly number[];
    readonly description: TiffDescription;
    readonly where: string;
  },
): Promise<Calibration> {
  const stated = new Map<AxisName, Spacing>(Object.entries(description.spacing) as [AxisName, Spacing][]);
  for (const axis of ["y", "x"] as const) {
    if (!isStated(stated.get(axis))) {
      stated.set(axis, await resolution(page, { axis, where, units: description.resolution }));
    }
  }
  const spatial = names.filter((name) => name !== "t" && name !== "c");
  // Along one plane or one row there are no neighbours.
  const needed = spatial.filter((name) => shape[names.indexOf(name)]! > 1).map((name) => stated.get(name) ?? {});
  const isUsable = needed.every(saysSomething) && needed.every(({ problem }) => problem === undefined) &&
    sameKind(needed);
  const isSilent = !needed.some(saysSomething);
  const used = (name: AxisName) => name === "t" || (isUsable && !isSilent) ? stated.get(name) : undefined;
  return {
    scale: names.map((name) => used(name)?.distance ?? 1),
    units: names.map((name) => used(name)?.unit),
    warnings: isUsable || isSilent ? [] : [{
      code: "voxel-size-unusable",
      level: "warning",
      message: `${where} states a voxel size that cannot be used, so none is taken: ` +
        `` +
        `${
          spatial.map((name) => words(name, stated.get(name))).join(", ")
        }; convert states one with --scale and --unit`,
    }],
  };
}

/** A distance of 1 without a unit is what writers fill in where they know none. */
function saysSomething({ distance, unit, problem }: Spacing): boolean {
  return problem !== undefined || (distance !== undefined && (unit !== undefined || distance !== 1));
}

/** True for distances that all have a unit, or all have none. */
function sameKind(spacings: readonly Spacing[]): boolean {
  return spacings.every(({ unit }) => unit === undefined) ||
    spacings.every(({ unit }) => unit !== undefined && !unit.includes("\ufffd"));
}

function isStated(spacing: Spacing | undefined): boolean {
  return spacing !== undefined && (spacing.distance !== undefined || spacing.problem !== undefined);
}

function words(name: AxisName, { distance, unit, problem }: Spacing = {}): string {
  if (problem !== undefined) return `${name}: ${problem}`;
  return `${name}: ` +
    `${distance === undefined ? "not stated" : `${Number(distance.toPrecision(6))} ${unit ?? "without a unit"}`}`;
}

/** The distance that XResolution or YResolution states, voxels per unit as a fraction. */
async function resolution(
  { fileDirectory }: GeoTIFFImage,
  { axis, where, units }: {
    readonly axis: "y" | "x";
    readonly where: string;
    readonly units: TiffDescription["resolution"];
  },
): Promise<Spacing> {
  const tag = axis === "y" ? "YResolution" : "XResolution";
  const stated: unknown = await decoding(where, () => fileDirectory.loadValue(tag)) ?? [];
  if (typeof stated !== "object") return { problem: `${tag} is no fraction` };
  const [numerator, denominator] = stated as number[];
  const distance = denominator! / numerator!;
  if (!Number.isFinite(distance) || distance <= 0) return {};
  const kind = Number(await decoding(where, () => fileDirectory.loadValue("ResolutionUnit")) ?? 2);
  const unit = units?.[axis];
  // ImageJ takes voxels per inch for voxels per unit; per centimetre it reads as what it says.
  if (unit !== undefined && (kind !== 3 || unit === "centimeter")) return { distance, unit };
  const micrometres = RESOLUTION_MICROMETRE[kind];
  if (micrometres === undefined) return units === undefined ? {} : { distance };
  const isOfSpecimen = unit !== undefined || distance * micrometres <= MAX_MICROSCOPE_MICROMETRE;
  return isOfSpecimen ? { distance: distance * micrometres, unit: "micrometer" } : {};
}
