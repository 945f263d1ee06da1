/**
 * A point spread function while it is being made or mended: doubles, x contiguous. Its centre is the voxel `side >> 1` of
 * every axis, for even and odd sides alike, which is where the kernels expect it.
 */
import { ClearstackError } from "shared/errors.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";

/** Voxels that are only looked at. */
export interface PsfSamples {
  readonly shape: Vec3;
  /** `voxelCount(shape)` values, x contiguous, then y, then z. */
  readonly values: Float64Array | Float32Array;
}

/** Voxels in double precision. */
export interface PsfVolume extends PsfSamples {
  readonly values: Float64Array;
}

/** The voxel at which a PSF of this shape is centred. */
export function centreVoxel(shape: Vec3): Vec3 {
  return mapAxes((axis) => shape[axis] >> 1);
}

export function sumOf({ values }: Pick<PsfSamples, "values">): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/**
 * Scales to sum 1; a new volume.
 *
 * @throws {ClearstackError} `invalid-request` if the sum is not positive
 */
export function normalised(volume: PsfVolume): PsfVolume {
  const sum = sumOf(volume);
  if (!(sum > 0)) {
    throw new ClearstackError(
      "invalid-request",
      `the PSF's values sum to ${sum.toPrecision(3)}, which cannot be scaled to 1; subtract less background`,
    );
  }
  return { shape: volume.shape, values: volume.values.map((value) => value / sum) };
}

/** Sets negative values to 0; also says what share of the sum of magnitudes they were. */
export function withoutNegatives(volume: PsfVolume): { volume: PsfVolume; negativeShare: number } {
  let negative = 0;
  let positive = 0;
  for (const value of volume.values) {
    if (value < 0) negative -= value;
    else positive += value;
  }
  const negativeShare = negative === 0 ? 0 : negative / (negative + positive);
  return { volume: { shape: volume.shape, values: volume.values.map((value) => Math.max(0, value)) }, negativeShare };
}

/**
 * Cuts or zero-pads to another shape about the centre.
 *
 * @param shape of the result; its centre voxel shows what the centre voxel of `volume` showed
 */
export function aboutCentre(volume: PsfVolume, shape: Vec3): PsfVolume {
  const centred = (shape: Vec3) => ({ shape, start: mapAxes((axis) => -(shape[axis] >> 1)) });
  const values = new Float64Array(voxelCount(shape));
  copyBox({ box: centred(volume.shape), values: volume.values }, { box: centred(shape), values });
  return { shape, values };
}

/** Planes in the opposite order about the centre voxel: for stacks taken the other way. */
export function mirroredInDepth(volume: PsfVolume): PsfVolume {
  const [depth, height, width] = volume.shape;
  const [centre] = centreVoxel(volume.shape);
  const values = new Float64Array(volume.values.length);
  for (let z = 0; z < depth; z++) {
    const from = 2 * centre - z;
    if (from >= depth) continue;
    values.set(volume.values.subarray(from * height * width, (from + 1) * height * width), z * height * width);
  }
  return { shape: volume.shape, values };
}
