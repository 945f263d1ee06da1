/**
 * Box sides that the transforms take: products of 2, 3, 5 and 7. A box whose side is something else is grown with real
 * neighbouring voxels to the next such side (zero padding would darken the rim and cost the same).
 */
import { mapAxes, type Vec3 } from "shared/volume/geometry.ts";

/** Smallest side of a transformed axis; a z side of 1 marks a 2-D image, whose z is not transformed. */
export const MIN_SIDE = 8;

/** Largest side a box may have. */
export const MAX_SIDE = 2048;

/** True if `n` is a product of 2, 3, 5 and 7 only. */
export function isSmooth(n: number): boolean {
  for (const prime of [2, 3, 5, 7]) while (n % prime === 0) n /= prime;
  return n === 1;
}

/**
 * The smallest side of at least `n` voxels that the kernels take along `axis` (0 z, 1 y, 2 x; x sides are even because two
 * real rows share one complex transform and half spectra need a Nyquist plane).
 *
 * @example
 * ```ts
 * import { fastSide } from "./fast_size.ts";
 * console.log(fastSide(318, 0)); // 320
 * ```
 */
export function fastSide(n: number, axis: 0 | 1 | 2): number {
  if (axis === 0 && n <= 1) return 1;
  let side = Math.max(MIN_SIDE, Math.ceil(n));
  while (!isSmooth(side) || (axis === 2 && side % 2 !== 0)) side++;
  return side;
}

/**
 * The smallest box of fast sides that holds `shape`.
 *
 * @example
 * ```ts
 * import { fastBox } from "./fast_size.ts";
 * console.log(fastBox([11, 63, 101])); // [ 12, 63, 108 ]
 * ```
 */
export function fastBox(shape: Vec3): Vec3 {
  return mapAxes((axis) => fastSide(shape[axis], axis));
}

/** True if the kernels take a box of this shape as it is. */
export function isFastBox(shape: Vec3): boolean {
  return shape.every((side, axis) => side <= MAX_SIDE && fastSide(side, axis as 0 | 1 | 2) === side);
}
