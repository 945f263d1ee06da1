/** Parses OME-Zarr metadata (0.1 to 0.5): the levels of an image, its axes and its voxel sizes. */
import { z } from "zod";
import type { Channel } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { omeroChannels } from "./ome_channels.ts";
import { asRecord } from "../zarr/zarr_node.ts";

/** A level of a multiscale image. */
export interface OmeImage {
  /** Path of the level inside the group. */
  readonly path: string;
  readonly axes: readonly { readonly name: string; readonly unit?: string | undefined }[] | undefined;
  /** Along each axis; absent where the metadata state none. */
  readonly scale?: readonly number[];
  readonly translation?: readonly number[];
  readonly name?: string;
  /** Empty where the metadata name none. */
  readonly channels: readonly Channel[];
}

const Transformations = z.array(z.looseObject({
  type: z.string(),
  scale: z.array(z.number()).optional(),
  translation: z.array(z.number()).optional(),
})).default([]);

const Multiscale = z.looseObject({
  name: z.string().nullish(),
  axes: z.array(z.union([
    z.string().transform((name) => ({ name, unit: undefined })),
    z.looseObject({ name: z.string(), unit: z.string().nullish().transform((unit) => unit ?? undefined) }),
  ])).optional(),
  datasets: z.array(z.looseObject({ path: z.string(), coordinateTransformations: Transformations })).min(1),
  coordinateTransformations: Transformations,
});

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
    const { name, axes, datasets, coordinateTransformations: outer } = parsed.data;
    const level = path === undefined ? datasets[0]! : datasets.find((dataset) => plainPath(dataset.path) === path);
    if (level === undefined) continue;
    const { scale, translation } = chain(stepOf(level.coordinateTransformations), stepOf(outer));
    return {
      path: plainPath(level.path),
      axes,
      ...(scale === undefined ? {} : { scale }),
      ...(translation === undefined ? {} : { translation }),
      ...(name ? { name } : {}),
      channels: omeroChannels(attributes),
    };
  }
  return undefined;
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
}

function stepOf(transformations: z.infer<typeof Transformations>): Step {
  return {
    scale: transformations.find((step) => step.type === "scale")?.scale,
    translation: transformations.find((step) => step.type === "translation")?.translation,
  };
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
  };
}
