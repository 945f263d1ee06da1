/** The numbers are right: against double precision, along the likelihood, and twice the same. */
import { voxelCount } from "shared/volume/geometry.ts";
import { referenceBlur } from "../../../tests/reference/blur.ts";
import { divergenceTerm } from "../../../tests/reference/model.ts";
import { referenceRun } from "../../../tests/reference/richardson_lucy.ts";
import { differenceOfPeak, type Property } from "../property.ts";
import { blobs, home, lopsidedPsf, psfFor, starField } from "../specimens.ts";
import { type Deconvolution, NotApplicable, type Subject } from "../subject.ts";

/** Every option that changes the step, in a setting where it matters to many voxels. */
const OPTIONS: readonly { readonly name: string; readonly options: Partial<Deconvolution> }[] = [
  { name: "shb acceleration", options: { acceleration: "shb" } },
  { name: "biggs acceleration", options: { acceleration: "biggs" } },
  { name: "non-circulant edges", options: { nonCirculant: true, observed: { start: [3, 2, 4], shape: [10, 9, 11] } } },
  { name: "a background", options: { background: 15 } },
  { name: "total variation", options: { totalVariation: 0.01 } },
  { name: "damping", options: { dampingSigmas: 3 } },
  { name: "saturated voxels", options: { saturation: 15 } },
  { name: "the Wiener-Butterworth projector", options: { backProjector: "wiener-butterworth" } },
  {
    name: "everything at once",
    options: {
      acceleration: "shb",
      nonCirculant: true,
      observed: { start: [1, 0, 2], shape: [14, 15, 15] },
      background: 5,
      totalVariation: 0.002,
      dampingSigmas: 2,
      saturation: 15,
      scale: 2000,
    },
  },
];

export const PRECISION: readonly Property[] = [
  {
    name: "100 iterations equal those in double precision",
    how: "largest difference from the float64 reference; the limit is that of the specification",
    unit: "of the peak",
    limit: 1e-5,
    measure: (subject) => errorOfReference(subject, blobs(subject), { ...home(subject), iterations: 100 }),
  },
  ...OPTIONS.map(({ name, options }): Property => ({
    name: `${name}: 20 iterations equal those in double precision`,
    how:
      "the same on a field of stars with a lopsided PSF; where little of a voxel was seen its weight carries rounding " +
      "of up to 100 times the transforms' 3e-7",
    unit: "of the peak",
    limit: 3e-5,
    measure: (subject) =>
      errorOfReference(subject, starField(subject.home.box), {
        box: subject.home.box,
        psf: lopsidedPsf([5, 4, 6]),
        iterations: 20,
        ...options,
      }),
  })),
  {
    name: "the I-divergence falls in every plain iteration",
    how: "I-divergence of the image from the blurred estimate, in double precision, after 1, 2, ... 10 iterations; " +
      "steps that raised it",
    unit: "steps",
    limit: 0,
    async measure(subject) {
      const data = blobs(subject);
      const blur = referenceBlur(psfFor(subject), subject.home.box).forward;
      let [last, raised] = [Infinity, 0];
      for (let iterations = 1; iterations <= 10; iterations++) {
        const { estimate } = await subject.run(data, { ...home(subject), iterations });
        const divergence = blur(Float64Array.from(estimate)).reduce(
          (sum, m, i) => sum + divergenceTerm(data[i], Math.max(m, 1e-6)),
          0,
        );
        if (!(divergence < last)) raised++;
        last = divergence;
      }
      return raised;
    },
  },
  {
    name: "the I-divergences that are reported are right",
    how:
      "fit and held-out sums over part of the box, every second of 10 iterations; largest relative difference from the " +
      "float64 reference",
    unit: "of the value",
    limit: 1e-4,
    async measure(subject) {
      const data = starField(subject.home.box);
      const heldOut = { values: data.map((d, i) => Math.round(d / 5 + (i % 3))), ratio: 0.2 };
      const measured = { start: [2, 3, 4], shape: [9, 8, 7] } as const;
      const run = { ...home(subject), iterations: 10, measureEvery: 2, measured, heldOut };
      const { divergence } = await subject.run(data, run);
      const expected = referenceRun(data, run).divergence;
      if (divergence?.length !== expected.length) return NaN;
      return Math.max(...expected.flatMap((e, i) => [
        Math.abs(divergence[i].fit / e.fit - 1),
        Math.abs(divergence[i].heldOut! / e.heldOut! - 1),
        Math.abs(divergence[i].iteration - e.iteration),
      ]));
    },
  },
  {
    name: "the same input gives the same bytes",
    how: "20 iterations twice, with another PSF in between; voxels that differ",
    unit: "voxels",
    limit: 0,
    async measure(subject) {
      const data = starField(subject.home.box);
      const run = { ...home(subject), iterations: 20 };
      const first = (await subject.run(data, run)).estimate;
      await subject.run(data, { ...run, psf: lopsidedPsf([3, 3, 3]) });
      const second = (await subject.run(data, run)).estimate;
      let different = 0;
      for (let i = 0; i < voxelCount(subject.home.box); i++) if (!Object.is(first[i], second[i])) different++;
      return different;
    },
  },
];

async function errorOfReference(subject: Subject, data: Float32Array, run: Deconvolution): Promise<number> {
  const error = async (start: "data" | "flat") =>
    differenceOfPeak(
      (await subject.run(data, { ...run, start })).estimate,
      referenceRun(data, { ...run, start }).estimate,
    );
  try {
    return await error("data");
  } catch (refusal) {
    if (!(refusal instanceof NotApplicable)) throw refusal;
    return await error("flat");
  }
}
