/** Two planes through a PSF for a picture: across the axis where it is brightest, and along it. */
import type { ComputedPsf } from "shared/contract/psf_info.ts";
import { computePsf } from "shared/psf/generate/computed_psf.ts";

/** Values of a plane, 0 to 1, `width` contiguous. */
export interface PsfPlane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** The planes. */
export interface PsfPlanes {
  /** Voxels z, y, x. */
  readonly shape: readonly [number, number, number];
  readonly xy: PsfPlane;
  readonly xz: PsfPlane;
}

/**
 * Computes a PSF and cuts it.
 *
 * @throws {ClearstackError} what computing it throws
 */
export function psfPlanes(psf: ComputedPsf): PsfPlanes {
  const { shape, values } = computePsf(psf);
  const [depth, height, width] = shape;
  let peak = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[peak]!) peak = index;
  const [z, y] = [Math.floor(peak / (height * width)), Math.floor(peak / width) % height];
  const scaled = (value: number) => value / values[peak]!;
  const xz = new Float32Array(depth * width);
  for (let plane = 0; plane < depth; plane++) {
    const from = (plane * height + y) * width;
    xz.set(values.subarray(from, from + width).map(scaled), plane * width);
  }
  return {
    shape,
    xy: { width, height, values: values.slice(z * height * width, (z + 1) * height * width).map(scaled) },
    xz: { width, height: depth, values: xz },
  };
}
