/** Means over neighbouring voxels, the step from one level of a pyramid to the next. */
import type { Dtype } from "shared/contract/image_info.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import type { ChunkValues } from "shared/image/image.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";

interface MeanOverOptions {
  /** Voxels of a cell along each axis, at least 1. */
  readonly factors: Vec3;
  /** Type of the voxels and of their means. */
  readonly dtype: Dtype;
}

/**
 * Means over cells of `factors` voxels; a cell that reaches past the end is the mean of the voxels it has. Every mean is rounded
 * once, to the nearest value of its type, halfway to the even one, as numpy's `rint` does, which makes levels neither brighter
 * nor darker; of bool, a cell is set where half of it or more is, which keeps what is one voxel thin. Sums are exact for
 * integers, and float64, taken in the order of the voxels, for floats, so that every run gives the same bits.
 *
 * @param values voxels of `shape` z, y, x, x contiguous, of the array type that belongs to `dtype`
 * @returns ceil(shape / factors) means, x contiguous, in memory of their own
 */
export function meanOver(values: ChunkValues, shape: Vec3, { factors, dtype }: MeanOverOptions): ChunkValues {
  const [depth, height, width] = mapAxes((axis) => Math.ceil(shape[axis] / factors[axis]));
  const means = new VOXEL_ARRAYS[dtype](voxelCount([depth, height, width]));
  const along = { length: shape[2], factor: factors[2], dtype };
  const row = isBig(means) ? bigRow(values as BigArray, means, along) : numberRow(values as NumberArray, means, along);
  for (let z = 0; z < depth; z++) {
    const planes = span(z, factors[0], shape[0]);
    for (let y = 0; y < height; y++) {
      const rows = span(y, factors[1], shape[1]);
      for (let dz = 0; dz < planes; dz++) {
        for (let dy = 0; dy < rows; dy++) {
          row.add(((z * factors[0] + dz) * shape[1] + y * factors[1] + dy) * shape[2]);
        }
      }
      row.finish((z * height + y) * width, planes * rows);
    }
  }
  return means;
}

type BigArray = BigInt64Array | BigUint64Array;
type NumberArray = Exclude<ChunkValues, BigArray>;

function isBig(values: ChunkValues): values is BigArray {
  return values instanceof BigInt64Array || values instanceof BigUint64Array;
}

/** Voxels along x, of the finer level and of a cell. */
interface RowOptions {
  readonly length: number;
  readonly factor: number;
  readonly dtype: Dtype;
}

/** One row of means in the making. */
interface Row {
  /** Adds the row of voxels that begins at an index. */
  add(from: number): void;
  /** Writes the means from an index on, of cells of this many rows, and begins anew. */
  finish(to: number, rows: number): void;
}

/** Voxels of cell `index` along an axis of this length. */
function span(index: number, factor: number, length: number): number {
  return Math.min(factor, length - index * factor);
}

function numberRow(values: NumberArray, means: NumberArray, { length, factor, dtype }: RowOptions): Row {
  const sums = new Float64Array(Math.ceil(length / factor));
  const rounded = rounding(dtype);
  return {
    add: (from) => {
      if (factor === 1) { for (let x = 0; x < length; x++) sums[x]! += values[from + x]!; }
      else {
        for (let x = 0, cell = 0; x < length; cell++) {
          for (const end = Math.min(length, x + factor); x < end; x++) sums[cell]! += values[from + x]!;
        }
      }
    },
    finish: (to, rows) => {
      for (let x = 0; x < sums.length; x++) means[to + x] = rounded(sums[x]! / (rows * span(x, factor, length)));
      sums.fill(0);
    },
  };
}

/** Turns a mean into a value of a type; writing it to an array of floats rounds it. */
function rounding(dtype: Dtype): (mean: number) => number {
  if (dtype.startsWith("float")) return (mean) => mean;
  return dtype === "bool" ? (mean) => mean >= 0.5 ? 1 : 0 : roundHalfEven;
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/** Numbers hold no integers of more than 53 bits. */
function bigRow(values: BigArray, means: BigArray, { length, factor }: RowOptions): Row {
  const sums = new Array<bigint>(Math.ceil(length / factor)).fill(0n);
  return {
    add: (from) => {
      for (let x = 0; x < length; x++) sums[Math.floor(x / factor)]! += values[from + x]!;
    },
    finish: (to, rows) => {
      for (let x = 0; x < sums.length; x++) means[to + x] = quotientHalfEven(sums[x]!, rows * span(x, factor, length));
      sums.fill(0n);
    },
  };
}

function quotientHalfEven(sum: bigint, count: number): bigint {
  const divisor = BigInt(count);
  const rest = ((sum % divisor) + divisor) % divisor;
  const below = (sum - rest) / divisor;
  const isAbove = 2n * rest > divisor || (2n * rest === divisor && below % 2n !== 0n);
  return isAbove ? below + 1n : below;
}
