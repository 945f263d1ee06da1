/** Light is neither made nor lost: adjoint, flux, units, and images that a right algorithm leaves alone. */
import type { Volume } from "kernels/deconvolver.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { referenceBlur } from "../../../tests/reference/blur.ts";
import { boxMask } from "../../../tests/reference/richardson_lucy.ts";
import { differenceOfPeak, type Property, sumOf } from "../property.ts";
import { blobs, home, lopsidedPsf, PARITIES, psfFor } from "../specimens.ts";
import type { Deconvolution, Subject } from "../subject.ts";

const OBSERVED = { start: [3, 2, 4], shape: [10, 9, 11] } as const satisfies Deconvolution["observed"];

export const CONSERVATION: readonly Property[] = [
  {
    name: "the back-projection is the adjoint of the convolution",
    how: "<Hx, y> = <x, Hty> for y = d / Hx says that an iteration from x conserves sum(d); measured in the second " +
      "iteration, for lopsided PSFs of all 8 parities, worst relative difference. The limit is that of the specification; " +
      "sums of single precision rounding average out below it",
    unit: "of the sum",
    limit: 1e-6,
    measure: async (subject) =>
      await worstOf(
        PARITIES,
        (shape) => fluxError(subject, { box: subject.home.box, psf: lopsidedPsf(shape), iterations: 2 }),
      ),
  },
  {
    name: "the sum of the image is kept",
    how: "50 plain iterations; relative difference of the sums. Each step rounds once, so its errors may add up",
    unit: "of the sum",
    limit: 1e-5,
    measure: (subject) => fluxError(subject, { ...home(subject), iterations: 50 }),
  },
  ...(["shb", "biggs"] as const).map((acceleration): Property => ({
    name: `the sum of the image is kept with ${acceleration} acceleration`,
    how: "as above, accelerated",
    unit: "of the sum",
    limit: 1e-5,
    measure: (subject) => fluxError(subject, { ...home(subject), iterations: 50, acceleration }),
  })),
  {
    name: "non-circulant edges keep the sum of the image, weighted by what of each voxel was seen",
    how: "sum(Ht1 u) against sum(d) over an observed part of the box after 50 iterations",
    unit: "of the sum",
    limit: 1e-5,
    async measure(subject) {
      const data = blobs(subject);
      const run = { ...home(subject), iterations: 50, nonCirculant: true, observed: OBSERVED };
      const { estimate } = await subject.run(data, run);
      const mask = boxMask(subject.home.box, OBSERVED);
      const seen = referenceBlur(psfFor(subject), subject.home.box).adjoint(mask);
      return Math.abs(sumOf(seen.map((s, i) => s * estimate[i])) / sumOf(mask.map((m, i) => m * data[i])) - 1);
    },
  },
  {
    name: "a PSF of a single voxel leaves the image as it is",
    how: "10 iterations with a delta; largest difference. 40 single precision transforms of 3e-7 each",
    unit: "of the peak",
    limit: 1e-5,
    async measure(subject) {
      const psf = deltaPsf(subject.home.psfShape);
      const data = blobs(subject);
      return differenceOfPeak((await subject.run(data, { box: subject.home.box, psf, iterations: 10 })).estimate, data);
    },
  },
  {
    name: "a flat image stays flat",
    how: "10 iterations on a constant of 100; largest difference",
    unit: "of 100",
    limit: 1e-5,
    async measure(subject) {
      const flat = new Float32Array(voxelCount(subject.home.box)).fill(100);
      return differenceOfPeak((await subject.run(flat, { ...home(subject), iterations: 10 })).estimate, flat);
    },
  },
  {
    name: "a flat image stays flat inside non-circulant edges",
    how:
      "100 iterations on a constant of 100 in a part of the box; largest difference there. Voxels of which less than a " +
      "hundredth was seen are held at 0 and missed by their neighbours",
    unit: "of 100",
    limit: 0.03,
    async measure(subject) {
      const flat = new Float32Array(voxelCount(subject.home.box)).fill(100);
      const run = { ...home(subject), iterations: 100, nonCirculant: true, observed: OBSERVED };
      const { estimate } = await subject.run(flat, run);
      const mask = boxMask(subject.home.box, OBSERVED);
      return differenceOfPeak(flat.map((v, i) => (mask[i] ? estimate[i] : v)), flat);
    },
  },
  {
    name: "the estimate has the units of the image",
    how:
      "the same image a thousand times brighter, as each implementation comes; largest difference of the estimates " +
      "after scaling back. A factor of 1000 rounds every number once more",
    unit: "of the peak",
    limit: 1e-5,
    async measure(subject) {
      const data = blobs(subject).map((value) => value / 1000);
      const run = { ...home(subject), iterations: 10, ...(subject.own ? {} : { asShipped: true }) };
      const { estimate } = await subject.run(data.map((value) => value * 1000), run);
      const brighter = Float64Array.from(estimate, (value) => value / 1000);
      return differenceOfPeak(brighter, (await subject.run(data, run)).estimate);
    },
  },
];

function deltaPsf(shape: Vec3): Volume {
  const values = new Float32Array(voxelCount(shape));
  const centre = shape.map((side) => Math.floor(side / 2));
  values[(centre[0] * shape[1] + centre[1]) * shape[2] + centre[2]] = 1;
  return { shape, values };
}

async function fluxError(subject: Subject, deconvolution: Deconvolution): Promise<number> {
  const data = blobs(subject);
  const { estimate } = await subject.run(data, deconvolution);
  return Math.abs(sumOf(estimate) / sumOf(data) - 1);
}

async function worstOf<T>(cases: readonly T[], measure: (value: T) => Promise<number>): Promise<number> {
  let worst = 0;
  for (const value of cases) worst = Math.max(worst, await measure(value));
  return worst;
}
