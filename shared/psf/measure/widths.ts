/** Widths at half height, between voxels. */
import { mapAxes, type Vec3 } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { lineThrough } from "../along_axis.ts";
import { lagrangeAt } from "../lagrange.ts";
import type { PsfSamples } from "../psf_volume.ts";

/** The brightest voxel; of several, the first. */
export function brightestVoxel({ shape, values }: PsfSamples): Vec3 {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return positionAt(best, shape);
}

/** Full width at half height along each axis through a voxel, in voxels; undefined where the array ends before that. */
export function widthsThrough(volume: PsfSamples, voxel: Vec3): (number | undefined)[] {
  return mapAxes((axis) => widthAtHalf(lineThrough(volume, axis, voxel), voxel[axis]));
}

/** Brightest point near a voxel, between voxels: the top of the polynomial of degree 5 along each axis. */
export function brightestPoint(volume: PsfSamples, voxel: Vec3): Vec3 {
  return mapAxes((axis) => volume.shape[axis] === 1 ? 0 : peakNear(lineThrough(volume, axis, voxel), voxel[axis]));
}

/**
 * Width at half height of the peak at sample `near` of a line, in samples: peak and crossings are found on the polynomial of
 * degree 5 through the nearest samples.
 */
function widthAtHalf(line: Float64Array, near: number): number | undefined {
  const half = lagrangeAt(line, peakNear(line, near)) / 2;
  const left = crossing(line, near, half, -1);
  const right = crossing(line, near, half, 1);
  return left === undefined || right === undefined ? undefined : right - left;
}

/** Position of the largest value within one sample of `near`, by golden sections. */
function peakNear(line: Float64Array, near: number): number {
  const GOLDEN = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [near - 1, near + 1];
  while (high - low > 1e-6) {
    const left = high - GOLDEN * (high - low);
    const right = low + GOLDEN * (high - low);
    if (lagrangeAt(line, left) > lagrangeAt(line, right)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}

/** First position from `near` in the direction of `step` where the line has fallen to `level`. */
function crossing(line: Float64Array, near: number, level: number, step: 1 | -1): number | undefined {
  let outside = near + step;
  while (outside >= 0 && outside < line.length && line[outside] > level) outside += step;
  if (outside < 0 || outside >= line.length) return undefined;
  let inside = outside - step;
  for (let round = 0; round < 40; round++) {
    const middle = (inside + outside) / 2;
    if (lagrangeAt(line, middle) > level) inside = middle;
    else outside = middle;
  }
  return (inside + outside) / 2;
}
