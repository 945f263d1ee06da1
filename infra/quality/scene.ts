/** What a microscope on paper sees of a phantom: blurred, with or without photon noise. */
import { createRandom } from "functions/cli/sample/random.ts";
import { convolvePeriodic, gaussianProfile, outerProduct, type Profiles } from "functions/cli/sample/separable.ts";
import type { Volume } from "kernels/deconvolver.ts";
import type { Vec3 } from "shared/geometry.ts";
import { cube, PHANTOMS } from "./phantoms.ts";

/** An object that is known and an image of it. */
export interface Scene {
  readonly name: string;
  readonly noisy: boolean;
  readonly box: Vec3;
  /** Expected photons per voxel. */
  readonly truth: Float64Array;
  /** What was seen: expected photons, or counted ones. */
  readonly seen: Float32Array;
  readonly psf: Volume;
  /** What an estimate of the object would look like. */
  blur(estimate: ArrayLike<number>): Float64Array;
}

/** A Gaussian of deviation 3 (z) and 1.5 voxels, cut at 4 of them; averaged over voxels. */
const PROFILES: Profiles = [gaussianProfile(25, 3), gaussianProfile(13, 1.5), gaussianProfile(13, 1.5)];

/** Light everywhere, photons per voxel: no voxel of the truth is 0. */
const GLOW = 2;

/** Every phantom, without and with Poisson noise, in a cube of `side` voxels with periodic edges. */
export function scenes(side: number): Scene[] {
  const box = cube(side);
  const blur = (estimate: ArrayLike<number>) => convolvePeriodic(Float64Array.from(estimate), box, PROFILES);
  return Object.entries(PHANTOMS).flatMap(([name, phantom]) => {
    const truth = phantom(side).map((photons) => photons + GLOW);
    const expected = blur(truth);
    const random = createRandom(2020);
    const counted = Float32Array.from(expected, (mean) => random.poisson(mean));
    const common = { name, box, truth, psf: outerProduct(PROFILES), blur };
    return [
      { ...common, noisy: false, seen: Float32Array.from(expected) },
      { ...common, noisy: true, seen: counted },
    ];
  });
}
