/**
 * Circular convolution of a box with a PSF, its adjoint, and the unmatched projector, in float64 by direct transforms.
 */
import type { DeconvolverOptions, Volume } from "kernels/deconvolver.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { type Complex, complexFrom, dft3 } from "./dft.ts";
import { wienerButterworthOtf } from "./wiener_butterworth.ts";

/** A linear map between volumes of one box. */
export type LinearMap = (volume: Float64Array) => Float64Array;

/** The circular convolution with a PSF, and its adjoint. */
export interface Blur {
  readonly forward: LinearMap;
  readonly adjoint: LinearMap;
}

/** Circular convolution of a box with the PSF normalised to sum 1, whose centre is voxel `floor(side / 2)` of each axis. */
export function referenceBlur(psf: Volume, box: Vec3): Blur {
  const otf = referenceOtf(psf, box);
  return { forward: filter(otf, box), adjoint: filter(conjugate(otf), box) };
}

/** What carries the ratio back. */
export function referenceBackProjector({ psf, box, backProjector }: DeconvolverOptions): LinearMap {
  if (backProjector !== "wiener-butterworth") return referenceBlur(psf, box).adjoint;
  return filter(wienerButterworthOtf(psf, referenceOtf(psf, box), box), box);
}

/** Transform of the normalised and centred PSF. */
export function referenceOtf(psf: Volume, box: Vec3): Complex {
  return dft3(complexFrom(centredPsf(psf, box)), box, -1);
}

function filter(otf: Complex, box: Vec3): LinearMap {
  return (volume) => {
    const filtered = multiply(dft3(complexFrom(volume), box, -1), otf);
    return dft3(filtered, box, 1).re.map((value) => value / voxelCount(box));
  };
}

function centredPsf(psf: Volume, box: Vec3): Float64Array {
  const sum = psf.values.reduce((total, value) => total + value, 0);
  const centred = new Float64Array(voxelCount(box));
  psf.values.forEach((value, index) => {
    const x = index % psf.shape[2];
    const y = Math.floor(index / psf.shape[2]) % psf.shape[1];
    const z = Math.floor(index / (psf.shape[2] * psf.shape[1]));
    const [tz, ty, tx] = [z, y, x].map((i, axis) => (i - Math.floor(psf.shape[axis] / 2) + box[axis]) % box[axis]);
    centred[(tz * box[1] + ty) * box[2] + tx] = value / sum;
  });
  return centred;
}

function multiply(a: Complex, b: Complex): Complex {
  return {
    re: a.re.map((re, i) => re * b.re[i] - a.im[i] * b.im[i]),
    im: a.re.map((re, i) => re * b.im[i] + a.im[i] * b.re[i]),
  };
}

function conjugate({ re, im }: Complex): Complex {
  return { re, im: im.map((value) => -value) };
}
