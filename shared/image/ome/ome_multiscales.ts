/** Parses OME-Zarr metadata (0.1 to 0.6): the levels of an image, its axes and its voxel sizes. */
import { z } from "zod";
import type { Channel, ImageInfo } from "shared/contract/image_info.ts";
import type { Warning } from "shared/contract/problem.ts";
import { ClearstackError } from "shared/errors.ts";
import { recordedObjective } from "./known_optics.ts";
import { omeroChannels } from "./ome_channels.ts";
import { asRecord } from "../zarr/zarr_node.ts";

/** A level of a multiscale image. */
export interface OmeImage {
  /** Path of the level inside the group. */
  readonly path: string;
  readonly axes: readonly { readonly name: string; readonly unit?: string | undefined }[] | undefined;
  /** Along each axis; absent where the metadata state none, or none that can be used. */
  readonly scale?: readonly number[];
  readonly translation?: readonly number[];
  readonly name?: string;
  /** Empty where the metadata name none. */
  readonly channels: readonly Channel[];
  /** Known of outputs of ours alone. */
  readonly lens: Pick<ImageInfo, "objective" | "objectiveFrom">;
  readonly warnings: readonly Warning[];
}

/** One transformation; of one that is not known, the type alone is. */
interface Transformation {
  readonly type: string;
  readonly scale?: number[] | undefined;
  readonly translation?: number[] | undefined;
  readonly affine?: number[][] | undefined;
  readonly transformations?: Transformation[] | undefined;
  readonly output?: unknown;
}

/** RFC-5 nests transformations; two levels of them do all that a level of an image needs. */
const MAX_NESTING = 4;

const TransformationSchema: z.ZodType<Transformation> = z.looseObject({
  type: z.string(),
  scale: z.array(z.number()).optional(),
  translation: z.array(z.number()).optional(),
  affine: z.array(z.array(z.number())).optional(),
  transformations: z.lazy(() => z.array(TransformationSchema)).optional(),
  output: z.unknown().optional(),
});

const Transformations = z.array(TransformationSchema).default([]);

const Axes = z.array(z.union([
  z.string().transform((name) => ({ name, unit: undefined })),
  z.looseObject({ name: z.string(), unit: z.string().nullish().transform((unit) => unit ?? undefined) }),
]));

const Multiscale = z.looseObject({
  name: z.string().nullish(),
  version: z.unknown().optional(),
  axes: Axes.optional(),
  coordinateSystems: z.array(z.looseObject({ name: z.string(), axes: Axes })).optional(),
  datasets: z.array(z.looseObject({ path: z.string(), coordinateTransformations: Transformations })).min(1),
  coordinateTransformations: Transformations,
});

/** Versions that are read. */
const KNOWN_VERSIONS = /^0\.[1-6](\D.*)?$/;

/**
 * Reads a level of a group's attributes: level 0 of the first multiscale image, or the one at `path`, whichever image it is of.
 *
 * @param url the group, for messages
 * @param path inside the group
 * @returns `undefined` if there is none
 * @throws {ClearstackError} `corrupt-data` if there is one that breaks its specification
 */
export function parseOme(attributes: Record<string, unknown>, url: string, path?: string): OmeImage | undefined {
  for (const multiscale of multiscalesOf(attributes)) {
    const parsed = Multiscale.safeParse(multiscale);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new ClearstackError("corrupt-data", `${url}: multiscales ${issue.path.join(".")}: ${issue.message}`);
    }
    const { name, datasets } = parsed.data;
    const level = path === undefined ? datasets[0]! : datasets.find((dataset) => plainPath(dataset.path) === path);
    if (level === undefined) continue;
    const version = asRecord(attributes.ome).version ?? parsed.data.version;
    const { axes, step } = placeOf(parsed.data, level.coordinateTransformations);
    const { scale, translation, problem } = checked(step, axes);
    return {
      path: plainPath(level.path),
      axes: scale === undefined ? axes?.map((axis) => ({ name: axis.name })) : axes,
      ...(scale === undefined ? {} : { scale }),
      ...(translation === undefined ? {} : { translation }),
      ...(name ? { name } : {}),
      channels: omeroChannels(attributes),
      lens: recordedObjective(attributes),
      warnings: warningsOf(url, version, problem),
    };
  }
  return undefined;
}

/** Axes of an image, and the way of one of its levels there. */
function placeOf(
  { axes, coordinateSystems: systems, coordinateTransformations: outer }: z.infer<typeof Multiscale>,
  own: readonly Transformation[],
) {
  // Since 0.6, a list names ways to several coordinate systems; before, it was the steps of one way.
  const way = systems === undefined ? [...own, ...outer] : own.slice(0, 1);
  const { output } = way[0] ?? {};
  const target = typeof output === "string" ? output : asRecord(output).name;
  const system = systems?.find((one) => one.name === target) ?? systems?.[0];
  return { axes: system?.axes ?? axes, step: way.flatMap((step) => stepsOf(step)).reduce<Step>(chain, {}) };
}

function warningsOf(url: string, version: unknown, problem: string | undefined): Warning[] {
  const warning = (code: string, message: string): Warning => ({ code, level: "warning", message });
  const unknown =
    `${url} is of OME-Zarr ${version}, which is not known: it was read as 0.6; check its axes and voxel size with info`;
  const unusable =
    `${url} states a voxel size that cannot be used, so none is taken: ${problem}; convert states one with ` +
    "--scale and --unit";
  return [
    ...(version === undefined || KNOWN_VERSIONS.test(String(version)) ? [] : [warning("ome-version-unknown", unknown)]),
    ...(problem === undefined ? [] : [warning("voxel-size-unusable", unusable)]),
  ];
}

/** The multiscale images of a group's attributes, in any version of OME-Zarr; empty if there is none. */
export function multiscalesOf(attributes: Record<string, unknown>): readonly unknown[] {
  const multiscales = asRecord(attributes.ome).multiscales ?? attributes.multiscales;
  return Array.isArray(multiscales) ? multiscales : [];
}

function plainPath(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}

interface Step {
  readonly scale?: readonly number[] | undefined;
  readonly translation?: readonly number[] | undefined;
  /** Why nothing can be made of it. */
  readonly problem?: string | undefined;
}

/** A transformation as scales and translations, one after the other. */
function stepsOf({ type, scale, translation, affine, transformations }: Transformation, nesting = 0): Step[] {
  if (type === "identity") return [];
  if (type === "scale" && scale !== undefined) return [{ scale }];
  if (type === "translation" && translation !== undefined) return [{ translation }];
  if (type === "sequence" && transformations !== undefined && nesting < MAX_NESTING) {
    return transformations.flatMap((inner) => stepsOf(inner, nesting + 1));
  }
  const straight = type === "affine" ? affine && diagonal(affine) : undefined;
  return [straight ?? { problem: `a transformation of type ${type} is not read` }];
}

/** An affine matrix that turns nothing, its last column the translation. */
function diagonal(affine: readonly (readonly number[])[]): Step | undefined {
  const rank = affine.length;
  const isStraight = affine.every((row, at) =>
    row.length === rank + 1 && row.every((value, column) => column === at || column === rank || value === 0)
  );
  return isStraight
    ? { scale: affine.map((row, at) => row[at]!), translation: affine.map((row) => row[rank]!) }
    : undefined;
}

/** `inner`, then `outer`: x -> outer.scale * (inner.scale * x + inner.translation) + outer.translation. */
function chain(inner: Step, outer: Step): Step {
  const times = (a?: readonly number[], b?: readonly number[]) =>
    a && b ? a.map((value, axis) => value * b[axis]!) : a ?? b;
  const moved = inner.translation && times(inner.translation, outer.scale);
  const plus = moved && outer.translation;
  return {
    scale: times(inner.scale, outer.scale),
    translation: plus ? moved.map((value, axis) => value + plus[axis]!) : moved ?? outer.translation,
    problem: inner.problem ?? outer.problem,
  };
}

/** A step that is understood whole, or nothing but what is wrong with it. */
function checked(step: Step, axes: OmeImage["axes"]): Step {
  if (step.problem !== undefined) return { problem: step.problem };
  const odd = step.scale?.find((side) => !Number.isFinite(side) || side === 0);
  if (odd !== undefined) return { problem: `a scale of ${odd}` };
  const isUnitAlone = step.scale === undefined && axes?.some(({ unit }) => unit !== undefined) === true;
  return isUnitAlone ? { translation: step.translation, problem: "it states units and no scale" } : step;
}
