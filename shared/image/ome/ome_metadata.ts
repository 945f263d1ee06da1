/** Attributes of an output's root group: OME-Zarr 0.5 or 0.4, in terms that every reader and viewer knows. */
import type { Dtype, ImageInfo } from "shared/contract/image_info.ts";
import type { Level } from "shared/contract/level.ts";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { SPATIAL_AXES, type Vec3 } from "shared/volume/geometry.ts";
import { levelSteps } from "shared/plan/levels/pyramid.ts";
import { VERSION } from "shared/version.ts";
import { fullUnitName } from "../axes.ts";
import type { ChannelWindow } from "./channel_windows.ts";
import { omeroMetadata } from "./omero.ts";
import { levelArray } from "../output/output_layout.ts";

/** Attributes of an output's root beside the image's own metadata. */
interface RootAttributesOptions {
  readonly version: OmeVersion;
  /** Coarser levels, finest first. */
  readonly levels: readonly Pick<Level, "factors">[];
  /** Type of the voxels of the output. */
  readonly dtype: Dtype;
  /** Brightness of each channel; without it, viewers are told nothing of channels. */
  readonly windows?: readonly ChannelWindow[] | undefined;
  readonly provenance: Record<string, unknown>;
}

/** Attributes of the root group: one multiscale image, how viewers should show it, and where it came from. */
export function rootAttributes(
  source: ImageInfo,
  { version, levels, dtype, windows, provenance }: RootAttributesOptions,
): Record<string, unknown> {
  const steps: Vec3[] = [[1, 1, 1], ...levelSteps(levels)];
  const multiscale = {
    name: source.name ?? "deconvolved",
    axes: source.axes.map(({ name, type, unit }) => {
      const fullUnit = fullUnitName(unit);
      return { name, type, ...(fullUnit === undefined ? {} : { unit: fullUnit }) };
    }),
    datasets: steps.map((step, level) => ({
      path: levelArray(level),
      coordinateTransformations: transformations(source, step),
    })),
    ...reduction(levels.length, dtype),
  };
  const omero = windows && omeroMetadata(source, windows);
  const clearstack = { ...provenance, ...(source.objective ? { objective: source.objective } : {}) };
  // Of 0.5, some viewers read `omero` beside `ome`, as 0.4 has it.
  return version === "0.5"
    ? {
      ome: { version, multiscales: [multiscale], ...(omero ? { omero } : {}) },
      ...(omero ? { omero } : {}),
      clearstack,
    }
    : {
      multiscales: [{ version, ...multiscale }],
      ...(omero ? { omero: { ...omero, version } } : {}),
      clearstack,
    };
}

/** Method of making levels, in the words of the specification, which asks for them whether there are coarser ones or not. */
function reduction(coarserLevels: number, dtype: Dtype): Record<string, unknown> {
  const [type, description] = coarserLevels === 0 ? ["none", "There is no coarser level."] : ["mean", meansOf(dtype)];
  return { type, metadata: { description, method: "clearstack", version: VERSION } };
}

function meansOf(dtype: Dtype): string {
  const rounding = dtype === "bool"
    ? "A voxel is set where half of those or more are."
    : dtype.startsWith("float")
    ? `Sums are float64, results ${dtype}.`
    : "Means are rounded to the nearest integer, halfway to the even one.";
  return "Each voxel is the mean of up to 2 x 2 x 2 voxels of the level before, along the axes whose scale doubles; " +
    `at the end of an odd axis, of those that exist. ${rounding}`;
}

/**
 * A level's voxels in the source's coordinates, where a voxel is at its centre: a mean over `step` voxels lies
 * (step - 1) / 2 of them from the first one's.
 */
function transformations({ axes, scale, translation }: ImageInfo, step: Vec3): Record<string, unknown>[] {
  const along = axes.map(({ name }) => step[SPATIAL_AXES.findIndex((axis) => axis === name)] ?? 1);
  const shift = scale.map((side, axis) => side * (along[axis]! - 1) / 2);
  const moved = shift.map((distance, axis) => (translation?.[axis] ?? 0) + distance);
  const isMoved = translation !== undefined || shift.some((distance) => distance !== 0);
  return [
    { type: "scale", scale: scale.map((side, axis) => side * along[axis]!) },
    ...(isMoved ? [{ type: "translation", translation: moved }] : []),
  ];
}
