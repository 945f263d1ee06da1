/**
 * What a run uploads, made row by row on the host: the data as the kernels count them, the first estimate and the mask.
 */
import { ClearstackError } from "shared/errors.ts";
import { sameShape, type Vec3 } from "shared/geometry.ts";
import type { RunOptions } from "../deconvolver.ts";

/** The box of observed voxels. */
export type Observed = NonNullable<RunOptions["observed"]>;

/** Fills `target` with row `row` (counted through all planes) of a volume. */
export type RowFiller = (row: number, target: Float32Array) => void;

/** Largest value and sum of the data as the kernels count them. */
export class DataStatistics {
  peak = 0;
  sum = 0;
}

/** The whole box as observed. */
export function wholeBox(box: Vec3): Observed {
  return { start: [0, 0, 0], shape: box };
}

/** True if every voxel of the box is observed. */
export function isWholeBox(box: Vec3, { start, shape }: Observed): boolean {
  return sameShape(shape, box) && sameShape(start, [0, 0, 0]);
}

/**
 * Rows of `max(data, 0)` inside the observed box and 0 outside; adds up what it passes in `statistics`.
 *
 * @throws {ClearstackError} `corrupt-data` at the first observed NaN or infinite value
 */
export function dataRows(data: Float32Array, box: Vec3, observed: Observed, statistics: DataStatistics): RowFiller {
  const xStart = observed.start[2];
  const xEnd = xStart + observed.shape[2];
  return (row, target) => {
    target.fill(0);
    if (!rowIsObserved(row, box, observed)) return;
    const start = row * box[2];
    let { peak, sum } = statistics;
    for (let x = xStart; x < xEnd; x++) {
      const value = data[start + x];
      // One comparison tells NaN and both infinities apart from numbers.
      if (!(Math.abs(value) < Infinity)) throw notFinite(value, row, x, box);
      if (value <= 0) continue;
      target[x] = value;
      sum += value;
      if (value > peak) peak = value;
    }
    statistics.peak = peak;
    statistics.sum = sum;
  };
}

/** Rows that hold `inside(row)` in the observed box and the constant `outside` elsewhere. */
export function observedRows(box: Vec3, observed: Observed, inside: RowFiller, outside: number): RowFiller {
  const xStart = observed.start[2];
  const xEnd = xStart + observed.shape[2];
  return (row, target) => {
    if (!rowIsObserved(row, box, observed)) {
      target.fill(outside);
      return;
    }
    inside(row, target);
    target.fill(outside, 0, xStart);
    target.fill(outside, xEnd);
  };
}

function rowIsObserved(row: number, box: Vec3, { start, shape }: Observed): boolean {
  const y = row % box[1] - start[1];
  const z = Math.floor(row / box[1]) - start[0];
  return y >= 0 && y < shape[1] && z >= 0 && z < shape[0];
}

function notFinite(value: number, row: number, x: number, box: Vec3): ClearstackError {
  const place = [Math.floor(row / box[1]), row % box[1], x];
  return new ClearstackError(
    "corrupt-data",
    `the image holds ${value} at voxel ${place.join(",")} (z,y,x) of the box; replace NaN and infinite values first`,
  );
}
