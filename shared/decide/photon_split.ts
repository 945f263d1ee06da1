/**
 * Splits counted photons at random into those that are deconvolved and those that are held out to judge the result
 * (Coakley, IEEE Trans. Nucl. Sci. 38 (1991) 9-15): thinned Poisson counts are independent Poisson counts, so an estimate
 * that begins to fit noise explains the held-out photons worse.
 *
 * The draw of a voxel depends on the seed and on which voxel of the image it is, on nothing else: tiles, halos and retries
 * all see the same photons.
 */
import { ClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { threefry2x32 } from "./threefry.ts";

/** Photons to hold out of a box of voxels. */
export interface PhotonSplitOptions {
  /** Whole number, 0 to 2^32 - 1. */
  readonly seed: number;
  /** Probability of a photon to be held out, above 0 and below 1. */
  readonly heldOutFraction: number;
  /**
   * Intensity of one photon. A count is the intensity divided by this, rounded down; the rest is kept.
   * @default {1}
   */
  readonly unitsPerPhoton?: number;
  readonly imageShape: Vec3;
  /** Number of the volume (t, c) within the image. */
  readonly volume: number;
  /**
   * For each position of the box along z, y, x: index of the voxel of the image that stands there, as the boundary rule has
   * it; -1 for none, whose constant value is divided in proportion.
   */
  readonly coordinates: readonly [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>];
}

/** Two images in the units of the one that was split; they add up to it. */
export interface PhotonSplit {
  readonly kept: Float32Array;
  readonly heldOut: Float32Array;
}

/** Tells these draws from others of the same seed. */
const PURPOSE = 0x5917;

/**
 * Splits the photons of a box.
 *
 * Every photon is held out with the same probability, independently: the held-out count of n is binomial. It is drawn exactly
 * (by inversion) where `n min(f, 1 - f)` is at most 32, beyond that from the normal distribution of the same mean and
 * variance, rounded. Negative values are kept as they are.
 *
 * @param values `voxelCount` of the box, x contiguous
 * @throws {ClearstackError} `invalid-request` for a fraction, seed or unit that cannot be, `internal` for a box that does not
 * match its coordinates
 */
export function splitPhotons(values: Float32Array | Uint16Array, options: PhotonSplitOptions): PhotonSplit {
  check(values, options);
  const { heldOutFraction, unitsPerPhoton = 1, imageShape, volume, coordinates: [zs, ys, xs] } = options;
  const draw = binomialDraw(options.seed, heldOutFraction);
  const heldOut = new Float32Array(values.length);
  let position = 0;
  for (let z = 0; z < zs.length; z++) {
    for (let y = 0; y < ys.length; y++) {
      const row = ((volume * imageShape[0] + zs[z]!) * imageShape[1] + ys[y]!) * imageShape[2];
      const rowOutside = zs[z]! < 0 || ys[y]! < 0;
      for (let x = 0; x < xs.length; x++, position++) {
        const value = values[position]!;
        if (!(value > 0)) continue;
        if (rowOutside || xs[x]! < 0) {
          heldOut[position] = value * heldOutFraction;
          continue;
        }
        // A thousandth of a photon forgives that intensities were rounded to float32.
        const photons = Math.floor(value / unitsPerPhoton + 1e-3);
        if (photons > 0) heldOut[position] = Math.min(value, draw(photons, row + xs[x]!) * unitsPerPhoton);
      }
    }
  }
  return { kept: heldOut.map((photons, i) => values[i]! - photons), heldOut };
}

/** Draws how many of `photons` are held out in the voxel with this number. */
function binomialDraw(seed: number, fraction: number): (photons: number, voxel: number) => number {
  const rare = Math.min(fraction, 1 - fraction);
  const odds = rare / (1 - rare);
  const logOther = Math.log1p(-rare);
  const random = new Uint32Array(2);
  const drawRare = (photons: number, voxel: number) => {
    threefry2x32([seed | 0, PURPOSE], [voxel | 0, Math.floor(voxel / 2 ** 32)], random);
    if (photons * rare > 32) return normalDraw(photons * rare, Math.sqrt(photons * rare * (1 - rare)), random, photons);
    const uniform = (random[0]! * 2 ** 21 + (random[1]! >>> 11)) / 2 ** 53;
    let count = 0;
    let probability = Math.exp(photons * logOther);
    for (let below = probability; uniform >= below && count < photons; below += probability) {
      count++;
      probability *= odds * (photons - count + 1) / count;
    }
    return count;
  };
  return fraction <= 0.5 ? drawRare : (photons, voxel) => photons - drawRare(photons, voxel);
}

/** Box & Muller 1958, rounded and clamped to `0..most`. */
function normalDraw(mean: number, deviation: number, random: Uint32Array, most: number): number {
  const radius = Math.sqrt(-2 * Math.log((random[0]! + 0.5) / 2 ** 32));
  const normal = radius * Math.cos(2 * Math.PI * random[1]! / 2 ** 32);
  return Math.min(most, Math.max(0, Math.round(mean + deviation * normal)));
}

function check(
  values: Float32Array | Uint16Array,
  { seed, heldOutFraction, unitsPerPhoton = 1, coordinates }: PhotonSplitOptions,
) {
  if (!(heldOutFraction > 0 && heldOutFraction < 1)) {
    throw new ClearstackError(
      "invalid-request",
      `the fraction of photons to hold out is ${heldOutFraction}; give one above 0 and below 1, for example 0.1`,
    );
  }
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new ClearstackError("invalid-request", `the seed is ${seed}; give a whole number from 0 to 4294967295`);
  }
  if (!(unitsPerPhoton > 0 && Number.isFinite(unitsPerPhoton))) {
    throw new ClearstackError(
      "invalid-request",
      `the intensity of one photon is ${unitsPerPhoton}; give a positive number, 1 if the image counts photons`,
    );
  }
  const box: Vec3 = [coordinates[0].length, coordinates[1].length, coordinates[2].length];
  if (values.length !== voxelCount(box)) {
    throw new ClearstackError("internal", `${values.length} values do not fill a box of ${box.join(",")} voxels`);
  }
}
