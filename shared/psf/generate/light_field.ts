/**
 * The light around the image of a point: scalar diffraction at a round pupil.
 *
 * `I(r, z) = | (2 / a^2) integral from 0 to a of J0(k r s) exp(i k (path(s) + z defocus(s))) s ds |^2`
 *
 * which is 1 at the focus of a lens without aberration. With `s = a sin t` the integrand is smooth even where a layer reflects
 * the outermost ray, so that Gauss-Legendre quadrature converges exponentially; its nodes are counted by doubling them until
 * nothing changes.
 */
import { ClearstackError } from "shared/errors.ts";
import { besselJ0 } from "./bessel.ts";
import { gaussLegendre } from "./gauss_legendre.ts";
import type { Pupil } from "./pupil.ts";

/** Light of circular symmetry about the optical axis. */
export interface LightField {
  /**
   * Intensities at each depth and radius.
   *
   * @param depths micrometres along the axis
   * @returns `depths.length` rows of one value per radius
   */
  readonly at: (depths: Float64Array) => Float64Array;
}

/** Relative to the amplitude at the focus; squared and summed this stays far below float32. */
const AMPLITUDE_TOLERANCE = 1e-10;

/** Enough for 5,000 radians across the pupil; beyond that the light is spread too thin to be a PSF. */
const MAX_NODES = 4096;

/** Extent over which a field is going to be asked for. */
export interface FieldExtent {
  /** Micrometres from the axis. */
  readonly radii: Float64Array;
  /** Least and largest depth, micrometres. */
  readonly depths: readonly [number, number];
}

/**
 * Prepares the field of a pupil at given radii.
 *
 * @throws {ClearstackError} `unsupported` where aberrations are too strong to integrate
 */
export function lightField(pupil: Pupil, extent: FieldExtent): LightField {
  const rays = enoughRays(pupil, extent);
  const { radii } = extent;
  const count = rays.weights.length;
  const bessel = new Float64Array(radii.length * count);
  for (let r = 0; r < radii.length; r++) {
    for (let i = 0; i < count; i++) bessel[r * count + i] = besselJ0(pupil.wavenumber * radii[r] * rays.s[i]);
  }
  return {
    at: (depths) => {
      const intensities = new Float64Array(depths.length * radii.length);
      for (let d = 0; d < depths.length; d++) {
        const { re, im } = wave(pupil, rays, depths[d]);
        for (let r = 0; r < radii.length; r++) {
          intensities[d * radii.length + r] = squaredSum(bessel.subarray(r * count, (r + 1) * count), re, im);
        }
      }
      return intensities;
    },
  };
}

/** Rays that stand for the pupil; the weights include `2 s ds / a^2`. */
interface Rays {
  readonly s: Float64Array;
  readonly weights: Float64Array;
}

function raysOf(pupil: Pupil, count: number): Rays {
  const { nodes, weights } = gaussLegendre(count);
  const angle = nodes.map((node) => (node + 1) * Math.PI / 4);
  return {
    s: angle.map((t) => pupil.aperture * Math.sin(t)),
    weights: weights.map((weight, i) => weight * (Math.PI / 4) * Math.sin(2 * angle[i])),
  };
}

/** The wave in the pupil at one defocus, weighted. */
function wave(pupil: Pupil, rays: Rays, depth: number): { re: Float64Array; im: Float64Array } {
  const phase = rays.s.map((s) => pupil.wavenumber * (pupil.path(s) + depth * pupil.defocus(s)));
  return {
    re: phase.map((p, i) => rays.weights[i] * Math.cos(p)),
    im: phase.map((p, i) => rays.weights[i] * Math.sin(p)),
  };
}

/** A function of its own so that it is compiled as one tight loop. */
function squaredSum(bessel: Float64Array, re: Float64Array, im: Float64Array): number {
  let sumRe = 0;
  let sumIm = 0;
  for (let i = 0; i < bessel.length; i++) {
    sumRe += bessel[i] * re[i];
    sumIm += bessel[i] * im[i];
  }
  return sumRe * sumRe + sumIm * sumIm;
}

/** Doubles the rays until the amplitudes at the corners of the extent, where phases turn fastest, stand still. */
function enoughRays(pupil: Pupil, { radii, depths }: FieldExtent): Rays {
  const widest = radii.reduce((most, radius) => Math.max(most, radius), 0);
  const probes = [0, widest / 2, widest].flatMap((r) => [...depths, (depths[0] + depths[1]) / 2].map((z) => [r, z]));
  let rays = raysOf(pupil, 16);
  let before = probes.map(([r, z]) => amplitude(pupil, rays, r, z));
  for (;;) {
    const finer = raysOf(pupil, 2 * rays.s.length);
    const after = probes.map(([r, z]) => amplitude(pupil, finer, r, z));
    const change = Math.max(...after.map(([re, im], i) => Math.hypot(re - before[i][0], im - before[i][1])));
    if (change < AMPLITUDE_TOLERANCE) return finer;
    if (finer.s.length >= MAX_NODES) {
      throw new ClearstackError(
        "unsupported",
        "the aberrations are too strong for a PSF to be made: give a smaller depth, thickness or mismatch of indices",
      );
    }
    rays = finer;
    before = after;
  }
}

function amplitude(pupil: Pupil, rays: Rays, radius: number, depth: number): readonly [number, number] {
  const { re, im } = wave(pupil, rays, depth);
  const bessel = rays.s.map((s) => besselJ0(pupil.wavenumber * radius * s));
  const sum = (part: Float64Array) => part.reduce((total, value, i) => total + value * bessel[i], 0);
  return [sum(re), sum(im)];
}
