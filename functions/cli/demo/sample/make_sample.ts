/** A microscope on paper: an object that is known, blurred by a point spread function that is known, counted as photons. */
import { copyBox } from "shared/volume/copy_box.ts";
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import type { Volume } from "kernels/deconvolver.ts";
import { drawPhantom } from "./phantom.ts";
import { createRandom } from "./random.ts";
import { convolvePeriodic, gaussianProfile, outerProduct, type Profiles } from "./separable.ts";

/** The demo's image, and the truth that it should find. */
export interface Sample {
  readonly shape: Vec3;
  readonly voxelMicrometre: Vec3;
  /** Expected photons per voxel without any blur, x contiguous. */
  readonly truth: Float32Array;
  /** Photons counted behind the microscope. */
  readonly observed: Uint16Array;
  /** Sum 1. */
  readonly psf: Volume;
}

interface SampleOptions {
  /** @default {[96, 256, 256]} */
  readonly shape?: Vec3;
  /** @default {2020} */
  readonly seed?: number;
}

const VOXEL_MICROMETRE: Vec3 = [0.1, 0.065, 0.065];
/** Light that comes from nowhere in particular, photons per voxel. */
const BACKGROUND_PHOTONS = 12;
/** A confocal microscope's: 0.28 micrometres wide at half height, 0.75 deep, cut where it is below 1e-3 of its peak. */
const PSF_PROFILES: Profiles = [gaussianProfile(25, 3.2), gaussianProfile(17, 1.8), gaussianProfile(17, 1.8)];

/** Makes the demo's sample; the same options give the same voxels on every machine. */
export function makeSample(options: SampleOptions = {}): Sample {
  const shape = options.shape ?? [96, 256, 256];
  const random = createRandom(options.seed ?? 2020);
  // The object goes on beyond the edges of the field, as in life: what lies outside blurs into the picture.
  const margin = mapAxes((axis) => PSF_PROFILES[axis].length >> 1);
  const world = mapAxes((axis) => shape[axis] + 2 * margin[axis]);
  const { photons } = drawPhantom(world, VOXEL_MICROMETRE, random);
  for (let index = 0; index < photons.length; index++) photons[index] += BACKGROUND_PHOTONS;
  const blurred = crop(convolvePeriodic(photons, world, PSF_PROFILES), world, { start: margin, shape });
  return {
    shape,
    voxelMicrometre: VOXEL_MICROMETRE,
    truth: new Float32Array(crop(photons, world, { start: margin, shape })),
    observed: new Uint16Array(blurred.map((mean) => random.poisson(mean))),
    psf: outerProduct(PSF_PROFILES),
  };
}

/** The part of the world that the microscope sees. */
function crop(values: Float64Array, world: Vec3, box: Box): Float64Array {
  const seen = new Float64Array(voxelCount(box.shape));
  copyBox({ box: { start: [0, 0, 0], shape: world }, values }, { box, values: seen });
  return seen;
}
