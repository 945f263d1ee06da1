/**
 * Total variation as Dey et al. (Microsc. Res. Tech. 69 (2006) 260-266) put it into Richardson-Lucy, with the differences
 * that docs/algorithms.md prescribes, in float64.
 */
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";

/** A vector at every voxel: three volumes, components along z, y, x. */
export type Field = readonly [Float64Array, Float64Array, Float64Array];

/** Index of the voxel `steps` further along `axis`, wrapping around. */
function neighbour(index: number, axis: number, steps: number, box: Vec3): number {
  const position = [Math.floor(index / (box[1] * box[2])), Math.floor(index / box[2]) % box[1], index % box[2]];
  position[axis] = (position[axis] + steps + box[axis]) % box[axis];
  return (position[0] * box[1] + position[1]) * box[2] + position[2];
}

/** Forward differences. */
export function gradient(volume: Float64Array, box: Vec3): Field {
  const along = (axis: number) => volume.map((value, i) => volume[neighbour(i, axis, 1, box)] - value);
  return [along(0), along(1), along(2)];
}

/** Backward differences, summed: minus the adjoint of {@link gradient}. */
export function divergence(field: Field, box: Vec3): Float64Array {
  return Float64Array.from(
    { length: voxelCount(box) },
    (_, i) => [0, 1, 2].reduce((total, axis) => total + field[axis][i] - field[axis][neighbour(i, axis, -1, box)], 0),
  );
}

/** What each voxel of an update is divided by. */
export function variationDenominator(
  estimate: Float64Array,
  box: Vec3,
  { weight, smoothing }: TotalVariationTerm,
): Float64Array {
  const [gz, gy, gx] = gradient(estimate, box);
  const norm = gz.map((_, i) => Math.sqrt(gz[i] ** 2 + gy[i] ** 2 + gx[i] ** 2 + smoothing ** 2));
  const direction: Field = [
    gz.map((g, i) => g / norm[i]),
    gy.map((g, i) => g / norm[i]),
    gx.map((g, i) => g / norm[i]),
  ];
  return divergence(direction, box).map((curvature) => Math.max(1 - weight * curvature, 0.5));
}

/** How strongly, and below which difference between neighbours (intensity) hardly at all. */
export interface TotalVariationTerm {
  readonly weight: number;
  readonly smoothing: number;
}
