/** Small images and PSFs on which properties are measured: fixed, so that figures can be compared between runs. */
import type { Volume } from "kernels/deconvolver.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { referenceBlur } from "../../tests/reference/blur.ts";
import { gaussianPsf } from "../../tests/reference/gaussian_psf.ts";
import { randomVolume } from "../../tests/reference/random_volume.ts";
import type { Subject } from "./subject.ts";

/** A box with an odd and an even side, for properties that are about parity. */
export const BOX: Vec3 = [16, 15, 18];

/** A Gaussian of the shape that an implementation is at home with, its sum 1. */
export function psfFor({ home }: Pick<Subject, "home">): Volume {
  return normalised(gaussianPsf(home.psfShape, [1, 1.2, 1.5]));
}

/** Box and PSF that an implementation is at home with. */
export function home(subject: Pick<Subject, "home">): { readonly box: Vec3; readonly psf: Volume } {
  return { box: subject.home.box, psf: psfFor(subject) };
}

/** The same PSF with sum 1. */
function normalised({ shape, values }: Volume): Volume {
  const total = values.reduce((sum, value) => sum + value, 0);
  return { shape, values: values.map((value) => value / total) };
}

/** All combinations of odd and even sides. */
export const PARITIES: readonly Vec3[] = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [
  4 + (bits & 1),
  4 + ((bits >> 1) & 1),
  4 + (bits >> 2),
]);

/** Without any symmetry, so that mirroring or shifting it shows. */
export function lopsidedPsf(shape: Vec3): Volume {
  return normalised({ shape, values: Float32Array.from(randomVolume(shape, 5), (value) => 0.2 + value) });
}

/**
 * Blurred blobs of random brightness (up to 1000) in the middle of a box, darkness (or a floor) around them. Implementations
 * that take zeros for what lies outside are given no floor, so that the edges of the box do not matter to them.
 */
export function blobs(subject: Pick<Subject, "edges" | "home">): Float32Array {
  const { box } = subject.home;
  const object = blobsIn(box, [5, 5, 6]);
  const blurred = referenceBlur(psfFor(subject), box).forward(object);
  const floor = subject.edges === "zero" ? 0 : 5;
  // Transforms leave rounding where nothing is.
  return Float32Array.from(blurred, (value) => (value > 1e-6 ? value : 0) + floor);
}

/** Blobs that are not blurred, `margin` voxels from the edges of the box. */
export function blobsIn(box: Vec3, margin: Vec3): Float64Array {
  const brightness = randomVolume(box, 11);
  return brightness.map((value, i) => {
    const inside = positionAt(i, box).every((p, axis) => p >= margin[axis] && p < box[axis] - margin[axis]);
    return inside && value > 0.8 ? 1000 * value : 0;
  });
}

/** Bright points on a dim ground everywhere, never 0. */
export function starField(box: Vec3): Float32Array {
  return Float32Array.from(randomVolume(box, 3), (value) => (value > 0.9 ? 1000 * value : 20 * value + 1));
}
