/** Image of a phantom in a microscope on paper: blurred, without noise or with that of counted photons. */
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { convolvePeriodic, gaussianProfile, outerProduct, type Profiles } from "functions/cli/demo/sample/separable.ts";
import type { Volume } from "kernels/deconvolver.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { PHANTOMS } from "./phantoms.ts";

/** An object that is known and an image of it. */
export interface Scene {
  readonly name: string;
  readonly light: string;
  /** True if photons were counted, so that there is noise. */
  readonly counted: boolean;
  readonly box: Vec3;
  /** Expected photons per voxel. */
  readonly truth: Float64Array;
  /** Seen image: expected photons, or counted ones. */
  readonly seen: Float32Array;
  readonly psf: Volume;
  /** Ideal estimate of the object. */
  blur(estimate: ArrayLike<number>): Float64Array;
}

/** A Gaussian of deviation 3 (z) and 1.5 voxels, cut at 4 of them; averaged over voxels. */
const PROFILES: Profiles = [gaussianProfile(25, 3), gaussianProfile(13, 1.5), gaussianProfile(13, 1.5)];

/** Light everywhere, photons per voxel: no voxel of the truth is 0. */
const GLOW = 2;

/** Photons of the brightest voxels before they are blurred; infinitely many, up to a factor, where there is no noise. */
const EXPOSURES = [
  { light: "noise-free", photons: 1000, counted: false },
  { light: "1000 photons", photons: 1000, counted: true },
  { light: "100 photons", photons: 100, counted: true },
] as const;

/** Every phantom at every exposure, in a cube of `side` voxels with periodic edges. */
export function scenes(side: number): Scene[] {
  const box: Vec3 = [side, side, side];
  const blur = (estimate: ArrayLike<number>) => convolvePeriodic(Float64Array.from(estimate), box, PROFILES);
  return Object.entries(PHANTOMS).flatMap(([name, phantom]) =>
    EXPOSURES.map(({ light, photons, counted }) => {
      const truth = phantom(side).map((share) => photons * share + GLOW);
      const random = createRandom(2020);
      const seen = Float32Array.from(blur(truth), (mean) => (counted ? random.poisson(mean) : mean));
      return { name, light, counted, box, truth, seen, psf: outerProduct(PROFILES), blur };
    })
  );
}
