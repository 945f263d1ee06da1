/** Boxes and sizes of voxel volumes. Every triple is in the order z, y, x and counts voxels. */

/** Three numbers in the order z, y, x. */
export type Vec3 = readonly [z: number, y: number, x: number];

/** A box of voxels: `start` is inclusive and may lie outside the image (negative, or past its end). */
export interface Box {
  readonly start: Vec3;
  readonly shape: Vec3;
}

/** Names of the spatial axes, in storage order. */
export const SPATIAL_AXES = ["z", "y", "x"] as const;

export function voxelCount(shape: Vec3): number {
  return shape[0] * shape[1] * shape[2];
}

/** Elements between neighbours along each axis of a volume of this shape, x contiguous. */
export function stridesOf(shape: Vec3): Vec3 {
  return [shape[1] * shape[2], shape[2], 1];
}

/** Applies `f` to each axis. */
export function mapAxes<T>(f: (axis: 0 | 1 | 2) => T): [T, T, T] {
  return [f(0), f(1), f(2)];
}

/** True where both triples hold the same numbers. */
export function sameShape(a: Vec3, b: Vec3): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

/** `12,34,56`, the spelling of a triple on the command line and in messages. */
export function formatVec3(v: Vec3): string {
  return v.join(",");
}
