/** The spatial axes of an image; one without z has a single plane. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { mapAxes, SPATIAL_AXES, type Vec3 } from "./geometry.ts";

type Spatial = Pick<ImageInfo, "axes" | "shape">;

/** Spatial shape z, y, x of an image; z is 1 for a 2-D image. */
export function spatialShape(image: Spatial): Vec3 {
  return alongSpatialAxes(image, image.shape);
}

/** Picks the lengths along z, y, x out of lengths along all axes; 1 where the image lacks the axis. */
export function alongSpatialAxes({ axes }: Pick<Spatial, "axes">, lengths: readonly number[]): Vec3 {
  return mapAxes((axis) => lengths[axes.findIndex(({ name }) => name === SPATIAL_AXES[axis])] ?? 1);
}

/**
 * Where an image lies in the volumes that are stored, z, y, x: its first voxel, and their shape. What stands around a part is the
 * rest of the volume.
 */
export function placeInVolume(
  image: Spatial & Pick<ImageInfo, "selection">,
): { readonly start: Vec3; readonly whole: Vec3 } {
  return image.selection?.box ?? { start: [0, 0, 0], whole: spatialShape(image) };
}
