/** Means over neighbouring voxels, the step from one level of a pyramid to the next. */
import type { Vec3 } from "shared/geometry.ts";
import { mapAxes, voxelCount } from "shared/geometry.ts";

/**
 * Means over cells of `factors` voxels; a cell that reaches past the end is the mean of the voxels it has. Sums are float64,
 * taken in the order of the voxels, so that a mean is rounded once and every run gives the same bits.
 *
 * @param values voxels of `shape` z, y, x, x contiguous
 * @param factors voxels of a cell along each axis, at least 1
 * @returns ceil(shape / factors) means, x contiguous, in memory of their own
 */
export function meanOver(values: Float32Array, shape: Vec3, factors: Vec3): Float32Array {
  const [depth, height, width] = mapAxes((axis) => Math.ceil(shape[axis] / factors[axis]));
  const means = new Float32Array(voxelCount([depth, height, width]));
  const sums = new Float64Array(width);
  for (let z = 0; z < depth; z++) {
    const planes = span(z, factors[0], shape[0]);
    for (let y = 0; y < height; y++) {
      const rows = span(y, factors[1], shape[1]);
      sums.fill(0);
      for (let dz = 0; dz < planes; dz++) {
        for (let dy = 0; dy < rows; dy++) {
          const row = ((z * factors[0] + dz) * shape[1] + y * factors[1] + dy) * shape[2];
          addRow(sums, values, row, { length: shape[2], factor: factors[2] });
        }
      }
      const to = (z * height + y) * width;
      for (let x = 0; x < width; x++) means[to + x] = sums[x]! / (planes * rows * span(x, factors[2], shape[2]));
    }
  }
  return means;
}

/** Voxels of cell `index` along an axis of this length. */
function span(index: number, factor: number, length: number): number {
  return Math.min(factor, length - index * factor);
}

function addRow(
  sums: Float64Array,
  values: Float32Array,
  row: number,
  { length, factor }: { readonly length: number; readonly factor: number },
): void {
  if (factor === 1) { for (let x = 0; x < length; x++) sums[x]! += values[row + x]!; }
  else {for (let x = 0, cell = 0; x < length; cell++) {
      for (const end = Math.min(length, x + factor); x < end; x++) sums[cell]! += values[row + x]!;
    }}
}
