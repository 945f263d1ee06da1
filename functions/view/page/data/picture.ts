/** A multiscale image as the page knows it. */
import type { Image } from "shared/image/image.ts";
import type { Axis } from "shared/contract/image_info.ts";
import type { PlaneRect } from "../state/camera.ts";
import type { Contrast } from "../state/contrast.ts";
import { type PlaneName, PLANES, type SpaceAxis } from "../state/plane.ts";

/** What is shown: the recorded image, or the deconvolved one. */
export type Side = "before" | "after";

/** Both, in their order on the screen. */
export const SIDES = ["before", "after"] as const satisfies readonly Side[];

type AxisName = Axis["name"];

/** A level of a picture. */
export interface PictureLevel {
  readonly image: Pick<Image, "readChunk">;
  /** Names of the axes, in the order of the array. */
  readonly axes: readonly AxisName[];
  /** Length along each axis; 1 for those that the array has not. */
  readonly shape: Readonly<Record<AxisName, number>>;
  /** Shape of a chunk; 1 along axes that the array has not. */
  readonly chunk: Readonly<Record<AxisName, number>>;
  /** World units from one voxel to the next. */
  readonly spacing: Readonly<Record<SpaceAxis, number>>;
  /** World position of the middle of the first voxel. */
  readonly origin: Readonly<Record<SpaceAxis, number>>;
}

/** What the metadata say of a channel. */
export interface PictureChannel {
  readonly name: string;
  /** `#rrggbb`. */
  readonly color: string;
  readonly active: boolean;
  readonly contrast: Contrast | undefined;
}

/** An image that was opened. */
export interface Picture {
  readonly url: string;
  readonly name: string;
  /** Finest first; at least one. */
  readonly levels: readonly PictureLevel[];
  readonly channels: readonly PictureChannel[];
  /** Name of the unit of length, as in OME-Zarr; undefined where only voxels are known. */
  readonly unit: string | undefined;
  /** Undefined for a TIFF. */
  readonly zarrFormat: 2 | 3 | undefined;
  /** The `clearstack` attribute of an output; empty for other images. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** Index of the voxel of a level that lies at a world position; it may lie outside. */
export function voxelAt(level: PictureLevel, axis: SpaceAxis, position: number): number {
  return Math.floor((position - level.origin[axis]) / level.spacing[axis] + 0.5);
}

/** World position of the near edge of a voxel. */
export function edgeOf(level: PictureLevel, axis: SpaceAxis, index: number): number {
  return level.origin[axis] + (index - 0.5) * level.spacing[axis];
}

/** The part of a plane that an image fills, world units. */
export function planeRect({ levels }: Picture, plane: PlaneName): PlaneRect {
  const level = levels[0]!;
  const { u, v } = PLANES[plane];
  return {
    u0: edgeOf(level, u, 0),
    v0: edgeOf(level, v, 0),
    u1: edgeOf(level, u, level.shape[u]),
    v1: edgeOf(level, v, level.shape[v]),
  };
}
