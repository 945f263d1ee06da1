/**
 * Rows that a run uploads, made on the host: the data as the kernels count them, and the mask.
 */
import type { Box, Vec3 } from "shared/volume/geometry.ts";
import { corruptVoxel } from "kernels/check_run.ts";
import type { VoxelData } from "kernels/deconvolver.ts";

/** Fills `target` with row `row` (counted through all planes) of a volume. */
export type RowFiller = (row: number, target: VoxelData) => void;

/** The data of a run as rows of `max(data, 0)` inside the observed box and 0 outside. */
export interface InputRows {
  readonly observed: Box;
  readonly fill: RowFiller;
  /** Largest value of the rows filled so far, and their sum; undefined where nobody asks. */
  readonly seen?: { readonly peak: number; readonly sum: number };
}

/** Rows of data of which all is known that has to be: uint16 values are numbers, and none of them is negative. */
export function plainRows(data: Uint16Array, box: Vec3, observed: Box): InputRows {
  const [first, end] = observedX(observed);
  const fill: RowFiller = (row, target) => {
    target.fill(0);
    if (!rowIsObserved(row, box, observed)) return;
    target.set(data.subarray(row * box[2] + first, row * box[2] + end), first);
  };
  return { observed, fill };
}

/**
 * Rows of data of which only that they are numbers has to be known: looking at them on the way takes half as long where neither
 * peak nor sum is asked for.
 */
export function numberRows(data: Float32Array, box: Vec3, observed: Box): InputRows {
  const [first, end] = observedX(observed);
  /** @throws {ClearstackError} `corrupt-data` at the first observed NaN or infinite value */
  const fill: RowFiller = (row, target) => {
    target.fill(0);
    if (!rowIsObserved(row, box, observed)) return;
    const values = data.subarray(row * box[2] + first, row * box[2] + end);
    if (clampInto(target, first, values)) return;
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    throw corruptVoxel(values[wrong], row * box[2] + first + wrong, box);
  };
  return { observed, fill };
}

/** Copies `max(value, 0)`, from an index on. @returns true if all values are numbers: 0 times NaN or an infinity is NaN */
function clampInto(target: VoxelData, first: number, values: Float32Array): boolean {
  let zero = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    zero += 0 * value;
    target[first + index] = value > 0 ? value : 0;
  }
  return zero === 0;
}

/** Rows that are looked at on the way. */
export class DataRows implements InputRows {
  readonly box: Vec3;
  readonly observed: Box;
  readonly seen = { peak: 0, sum: 0 };
  readonly #data: VoxelData;

  constructor(data: VoxelData, box: Vec3, observed: Box) {
    this.#data = data;
    this.box = box;
    this.observed = observed;
  }

  /** @throws {ClearstackError} `corrupt-data` at the first observed NaN or infinite value */
  readonly fill: RowFiller = (row, target) => {
    target.fill(0);
    if (!rowIsObserved(row, this.box, this.observed)) return;
    const start = row * this.box[2];
    const [first, end] = observedX(this.observed);
    let { peak, sum } = this.seen;
    for (let x = first; x < end; x++) {
      const value = this.#data[start + x];
      // One comparison tells NaN and both infinities from numbers.
      if (!(Math.abs(value) < Infinity)) throw corruptVoxel(value, start + x, this.box);
      target[x] = Math.max(value, 0);
      sum += target[x];
      if (value > peak) peak = value;
    }
    Object.assign(this.seen, { peak, sum });
  };
}

/** Rows that hold `inside(row)` in the observed box and the constant `outside` elsewhere. */
export function observedRows(box: Vec3, observed: Box, inside: RowFiller, outside: number): RowFiller {
  const [first, end] = observedX(observed);
  return (row, target) => {
    if (!rowIsObserved(row, box, observed)) {
      target.fill(outside);
      return;
    }
    inside(row, target);
    target.fill(outside, 0, first);
    target.fill(outside, end);
  };
}

function observedX({ start, shape }: Box): [first: number, end: number] {
  return [start[2], start[2] + shape[2]];
}

function rowIsObserved(row: number, box: Vec3, { start, shape }: Box): boolean {
  const y = row % box[1] - start[1];
  const z = Math.floor(row / box[1]) - start[0];
  return y >= 0 && y < shape[1] && z >= 0 && z < shape[0];
}
