/** Means over neighbouring voxels, the step from one level of a pyramid to the next. */
import type { Dtype } from "shared/contract/image_info.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import type { ValueRange } from "shared/contract/stored_array.ts";
import { valueRange } from "shared/volume/value_range.ts";
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
  if (means instanceof Float32Array && factors[2] === 2) {
    floatMeans(values as Float32Array, shape, means, factors);
    return means;
  }
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

/**
 * As in general, cell by cell: most levels are of floats and halve x. What is added first is 0, which has no sign.
 *
 * @param means filled, ceil(shape / factors) of them
 */
function floatMeans(values: Float32Array, shape: Vec3, means: Float32Array, [factorZ, factorY]: Vec3): void {
  const [depth, height, width] = mapAxes((axis) => Math.ceil(shape[axis] / [factorZ, factorY, 2][axis]!));
  const pairs = shape[2] >> 1;
  for (let z = 0; z < depth; z++) {
    const planes = span(z, factorZ, shape[0]);
    for (let y = 0; y < height; y++) {
      const rows = span(y, factorY, shape[1]);
      const [nextPlane, nextRow] = [shape[1] * shape[2], shape[2]];
      const [first, to] = [(z * factorZ * shape[1] + y * factorY) * nextRow, (z * height + y) * width];
      for (let x = 0, at = first; x < pairs; x++, at += 2) {
        let sum = 0 + values[at]! + values[at + 1]!;
        if (rows === 2) sum = sum + values[at + nextRow]! + values[at + nextRow + 1]!;
        if (planes === 2) {
          const below = at + nextPlane;
          sum = sum + values[below]! + values[below + 1]!;
          if (rows === 2) sum = sum + values[below + nextRow]! + values[below + nextRow + 1]!;
        }
        means[to + x] = sum / (2 * rows * planes);
      }
      if (pairs === width) continue;
      let sum = 0;
      for (let plane = 0; plane < planes; plane++) {
        for (let row = 0; row < rows; row++) sum += values[first + plane * nextPlane + row * nextRow + 2 * pairs]!;
      }
      means[to + pairs] = sum / (rows * planes);
    }
  }
}

/** A box of voxels to take the means of, and where they go. */
interface Reduction extends MeanOverOptions {
  /** Shape of the box, z, y, x. */
  readonly shape: Vec3;
  /** Place of the means in `target.box`. */
  readonly part: Box;
  /** Voxels of a box, x contiguous, of the array type that belongs to `dtype`. */
  readonly target: { readonly box: Box; readonly values: ChunkValues };
}

/** Puts the means of a box, see {@link meanOver}, where they belong. @returns the range of the voxels that they are of */
export function reduceInto(values: ChunkValues, { shape, part, target, ...options }: Reduction): ValueRange {
  const means = meanOver(values, shape, options);
  copyBox({ box: part, values: means }, target);
  releaseMemory(means);
  return valueRange(values);
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
