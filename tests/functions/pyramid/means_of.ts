/** Means as they are defined, voxel by voxel: what levels are compared with. */
import type { Vec3 } from "shared/volume/geometry.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { indices } from "../sample_image.ts";

/** Each voxel the mean, in float64, of the voxels of its cell that exist. */
export function meansOf(values: Float32Array, shape: Vec3, factors: Vec3): Float32Array {
  const means = mapAxes((axis) => Math.ceil(shape[axis] / factors[axis]));
  return Float32Array.from(indices(means), (cell) => {
    const found: number[] = [];
    for (const inside of indices(factors)) {
      const at = mapAxes((axis) => cell[axis]! * factors[axis] + inside[axis]!);
      if (at.every((index, axis) => index < shape[axis]!)) {
        found.push(values[(at[0] * shape[1] + at[1]) * shape[2] + at[2]]!);
      }
    }
    return found.reduce((sum, value) => sum + value, 0) / found.length;
  });
}

/** The means of means, once for each triple of factors. */
export function levelsOf(values: Float32Array, shape: Vec3, factors: readonly Vec3[]): Float32Array[] {
  let finer = { values, shape };
  return factors.map((triple) => {
    const { shape } = finer;
    finer = {
      values: meansOf(finer.values, shape, triple),
      shape: mapAxes((axis) => Math.ceil(shape[axis] / triple[axis])),
    };
    if (finer.values.length !== voxelCount(finer.shape)) throw new Error("a level has another shape than its means");
    return finer.values;
  });
}
