/**
 * A PSF at another voxel size. Values are means over voxels, so what is interpolated is the running sum along each axis, known
 * exactly at the old voxels' faces, and the new values are its differences between the new faces. This keeps the sum exactly,
 * averages where voxels grow, and is right to 6th order in the voxel size where they shrink.
 */
import type { Vec3 } from "shared/volume/geometry.ts";
import { alongAxis } from "./along_axis.ts";
import { LAGRANGE_BEFORE, LAGRANGE_POINTS, lagrangeWeights } from "./lagrange.ts";
import { centreVoxel, type PsfVolume } from "./psf_volume.ts";

/** Voxel sizes that differ by less, relatively, are the same one: files round them. */
const SAME_SIZE = 1e-5;

interface ResampleOptions {
  readonly from: Vec3;
  readonly to: Vec3;
}

/**
 * Resamples about the centre, to odd sides that cover all of the old extent. Axes of one voxel stay as they are.
 *
 * @returns the same sum; values are per new voxel
 */
export function resampled(volume: PsfVolume, { from, to }: ResampleOptions): PsfVolume {
  return ([0, 1, 2] as const).reduce((result, axis) => {
    if (result.shape[axis] === 1 || Math.abs(to[axis] / from[axis] - 1) < SAME_SIZE) return result;
    return resampleAxis(result, axis, to[axis] / from[axis]);
  }, volume);
}

/**
 * Side of the result, odd.
 *
 * @param ratio new voxel size in old voxels
 */
export function resampledSide(oldLength: number, ratio: number): number {
  const oldMiddle = (oldLength >> 1) + 0.5;
  const reach = Math.max(oldMiddle, oldLength - oldMiddle);
  // What sticks out by less than a hundredth of a voxel is counted into the last one.
  return 2 * Math.max(0, Math.ceil(reach / ratio - 0.51)) + 1;
}

/** @param ratio new voxel size in old voxels */
function resampleAxis(volume: PsfVolume, axis: 0 | 1 | 2, ratio: number): PsfVolume {
  const oldLength = volume.shape[axis];
  const oldMiddle = centreVoxel(volume.shape)[axis] + 0.5;
  const length = resampledSide(oldLength, ratio);
  const half = length >> 1;
  const faces = mapFaces(length, (face) => oldMiddle + (face - half - 0.5) * ratio, oldLength);
  const running = new Float64Array(oldLength + 1);
  const result = new Float64Array(length);
  const change = (line: Float64Array) => {
    for (let i = 0; i < oldLength; i++) running[i + 1] = running[i] + line[i];
    let before = faceValue(running, faces[0]);
    for (let i = 0; i < length; i++) {
      const after = faceValue(running, faces[i + 1]);
      result[i] = after - before;
      before = after;
    }
    return result;
  };
  return alongAxis(volume, axis, { length, change });
}

/** A new face among the old ones: weights of the six old faces from `first` on. */
interface Face {
  readonly first: number;
  readonly weights: Float64Array;
}

function mapFaces(length: number, position: (face: number) => number, oldLength: number): Face[] {
  return Array.from({ length: length + 1 }, (_, face) => {
    // Before the first face nothing has been summed, behind the last everything.
    const within = Math.min(oldLength, Math.max(0, position(face)));
    const at = face === 0 ? 0 : face === length ? oldLength : within;
    const weights = new Float64Array(LAGRANGE_POINTS);
    lagrangeWeights(at - Math.floor(at), weights);
    return { first: Math.floor(at) - LAGRANGE_BEFORE, weights };
  });
}

/** The running sum at a face; beyond its ends it is flat. */
function faceValue(running: Float64Array, { first, weights }: Face): number {
  let sum = 0;
  for (let i = 0; i < LAGRANGE_POINTS; i++) {
    sum += weights[i] * running[Math.min(running.length - 1, Math.max(0, first + i))];
  }
  return sum;
}
