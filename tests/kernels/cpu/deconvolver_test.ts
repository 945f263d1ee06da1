import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { type CpuDeconvolverOptions, createCpuDeconvolver } from "kernels/cpu/deconvolver.ts";
import { memoryLayout } from "kernels/cpu/memory_layout.ts";
import type { RunOptions, Volume } from "kernels/deconvolver.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { referenceRichardsonLucy, referenceRun } from "../../reference/richardson_lucy.ts";
import { noise } from "./kernel_harness.ts";

type Options = Omit<CpuDeconvolverOptions, "box" | "psf"> & { box: Vec3; psfShape: Vec3 };

/** Bright points on a dim ground, some of it negative as after background subtraction. */
function image(box: Vec3): Float32Array<ArrayBuffer> {
  return Float32Array.from(noise(voxelCount(box), 11), (value) => value > 0.9 ? 1000 * value : 20 * value + 18);
}

/** A bell without symmetry, so that mirrored or shifted PSFs show. */
function psf(shape: Vec3): Volume {
  const uneven = noise(voxelCount(shape), 5);
  const values = Float32Array.from({ length: voxelCount(shape) }, (_, i) => {
    const at = [Math.floor(i / (shape[1] * shape[2])), Math.floor(i / shape[2]) % shape[1], i % shape[2]];
    const distance = at.reduce((sum, position, axis) => sum + (position - Math.floor(shape[axis] / 2)) ** 2, 0);
    return Math.exp(-distance / 3) * (1 + 0.5 * uneven[i]);
  });
  return { shape, values };
}

async function deconvolve(
  { psfShape, ...options }: Options,
  run: RunOptions,
  data: Float32Array<ArrayBuffer> = image(options.box),
): Promise<Float32Array> {
  const deconvolver = await createCpuDeconvolver({ ...options, psf: psf(psfShape) });
  try {
    return (await deconvolver.run(data, run)).estimate;
  } finally {
    await deconvolver.close();
  }
}

/** Largest difference from the float64 reference, relative to the reference's maximum. */
async function errorOfPeak({ psfShape, ...options }: Options, run: RunOptions): Promise<number> {
  const data = image(options.box);
  const expected = referenceRichardsonLucy(data, { ...options, ...run, psf: psf(psfShape) });
  const actual = await deconvolve({ psfShape, ...options }, run, data);
  const peak = expected.reduce((a, b) => Math.max(a, b), 0);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i])), 0) / peak;
}

/** float32 transforms are good to 3e-7 of the peak; iterating does not add to it faster than the estimate sharpens. */
const TOLERANCE = 1e-5;

const PARITIES: Vec3[] = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [3 + (bits & 1), 3 + (bits >> 1 & 1), 3 + (bits >> 2)]);

Deno.test("estimates equal the float64 reference for a PSF of every parity", async () => {
  for (const psfShape of PARITIES) {
    const error = await errorOfPeak({ box: [9, 15, 10], psfShape, threads: 2 }, { iterations: 10 });
    assert(error <= TOLERANCE, `PSF ${psfShape}: ${error} of the peak`);
  }
});

Deno.test("estimates equal the float64 reference for boxes of many shapes", async () => {
  const boxes: Vec3[] = [[8, 8, 8], [16, 9, 32], [35, 21, 12], [18, 27, 10], [1, 40, 48], [1, 9, 250], [12, 25, 14]];
  for (const box of boxes) {
    const psfShape: Vec3 = [Math.min(box[0], 5), 4, 5];
    const error = await errorOfPeak({ box, psfShape, threads: 2 }, { iterations: 10 });
    assert(error <= TOLERANCE, `box ${box}: ${error} of the peak`);
  }
});

Deno.test("100 iterations stay within 1e-5 of the peak of the float64 reference", async () => {
  const options: Options = { box: [12, 16, 18], psfShape: [3, 5, 4], threads: 2 };
  assert(await errorOfPeak(options, { iterations: 100 }) <= TOLERANCE);
});

Deno.test("accelerated iterations equal the float64 reference", async () => {
  for (const acceleration of ["shb", "biggs"] as const) {
    // 9 and 18 rows leave rows of the last group of eight empty.
    for (const box of [[10, 18, 16], [1, 18, 16], [8, 9, 16], [8, 16, 16]] as Vec3[]) {
      const options: Options = { box, psfShape: [1, 4, 5], acceleration, threads: 2 };
      const error = await errorOfPeak(options, { iterations: 20 });
      assert(error <= TOLERANCE, `${acceleration}, box ${box}: ${error} of the peak`);
    }
  }
});

Deno.test("a flat start equals the float64 reference", async () => {
  assert(
    await errorOfPeak({ box: [8, 9, 10], psfShape: [3, 3, 3], threads: 2 }, { iterations: 5, start: "flat" }) <=
      TOLERANCE,
  );
});

Deno.test("non-circulant edges equal the float64 reference", async () => {
  const observed = { start: [2, 3, 1] as Vec3, shape: [9, 8, 12] as Vec3 };
  for (const acceleration of ["none", "shb", "biggs"] as const) {
    const options: Options = { box: [14, 15, 16], psfShape: [5, 4, 5], nonCirculant: true, acceleration, threads: 2 };
    const error = await errorOfPeak(options, { iterations: 10, observed });
    // Where Ht1 is as small as 0.01 its error of 1e-7 is 1e-5 of it.
    assert(error <= 5 * TOLERANCE, `${acceleration}: ${error} of the peak`);
  }
});

Deno.test("what lies unobserved starts from the mean that a run is given", async () => {
  const observed = { start: [2, 3, 1] as Vec3, shape: [9, 8, 12] as Vec3 };
  const options: Options = { box: [14, 15, 16], psfShape: [5, 4, 5], nonCirculant: true, threads: 2 };
  const error = await errorOfPeak(options, { iterations: 2, observed, mean: 400 });
  assert(error <= 5 * TOLERANCE, `${error} of the peak`);
});

Deno.test("every option that changes the step equals the float64 reference", async () => {
  const steps: Partial<Options>[] = [
    { background: 12 },
    { saturation: 950 },
    { dampingSigmas: 3 },
    { dampingSigmas: 3, nonCirculant: true },
    { dampingSigmas: 3, acceleration: "shb" },
    { dampingSigmas: 3, acceleration: "biggs" },
    { scale: 20_000, totalVariation: 0.01 },
    { totalVariation: 0.02, acceleration: "shb" },
    { totalVariation: 0.02, acceleration: "biggs", background: 5 },
    { backProjector: "wiener-butterworth" },
    { backProjector: "wiener-butterworth", nonCirculant: true },
  ];
  for (const step of steps) {
    for (const box of [[10, 12, 16], [1, 21, 18]] as Vec3[]) {
      const observed = { start: [0, 2, 1] as Vec3, shape: [box[0], 9, 12] as Vec3 };
      for (const start of ["data", "flat"] as const) {
        const options: Options = { box, psfShape: [Math.min(box[0], 5), 4, 5], threads: 2, ...step };
        // The unmatched projector takes no unobserved voxels.
        const part = step.backProjector ? {} : { observed };
        const error = await errorOfPeak(options, { iterations: 4, ...part, start });
        // Both unmatched and masked projectors divide by small numbers, of which float32 knows fewer digits; and an unmatched
        // one lets any error grow from iteration to iteration (in float64, too), hence few of them.
        const tolerance = step.nonCirculant || step.backProjector ? 5 * TOLERANCE : TOLERANCE;
        assert(error <= tolerance, `${JSON.stringify(step)}, box ${box}, start ${start}: ${error} of the peak`);
      }
    }
  }
});

Deno.test("the smoothing of total variation equals the float64 reference, and is 1e-3 where not given", async () => {
  const options: Options = { box: [10, 12, 16], psfShape: [3, 4, 5], totalVariation: 0.02, threads: 2 };
  const deconvolved = (totalVariationSmoothing: number) =>
    deconvolve({ ...options, totalVariationSmoothing }, { iterations: 6 });
  for (const totalVariationSmoothing of [1e-5, 0.05, 1]) {
    const error = await errorOfPeak({ ...options, totalVariationSmoothing }, { iterations: 6 });
    assert(error <= TOLERANCE, `${totalVariationSmoothing}: ${error} of the peak`);
  }
  const usual = await deconvolve(options, { iterations: 6 });
  assertEquals(await deconvolved(1e-3), usual);
  assertNotEquals(await deconvolved(2e-3), usual);
});

Deno.test("the I-divergence of data and of held-out photons equals the float64 reference", async () => {
  const box: Vec3 = [9, 21, 14];
  const data = image(box).map((value) => Math.max(0, Math.round(value)));
  const heldOut = { values: image(box).map((value) => Math.max(0, Math.round(value / 4))), ratio: 0.25 };
  const measured = { start: [2, 3, 1] as Vec3, shape: [5, 13, 9] as Vec3 };
  const observed = { start: [0, 5, 3] as Vec3, shape: [9, 16, 10] as Vec3 };
  for (const extra of [{}, { acceleration: "biggs" }, { nonCirculant: true, dampingSigmas: 2 }] as Partial<Options>[]) {
    const options = { box, psf: psf([3, 4, 5]), background: 3, saturation: 980, threads: 2, ...extra };
    for (const run of [{}, { measured }, { measured, heldOut }, { heldOut }] as Partial<RunOptions>[]) {
      const complete: RunOptions = { iterations: 7, measureEvery: 3, observed, ...run };
      const expected = referenceRun(data, { ...options, ...complete }).divergence;
      const deconvolver = await createCpuDeconvolver(options);
      const { divergence = [] } = await deconvolver.run(data, complete);
      await deconvolver.close();
      assertEquals(divergence.map(({ iteration }) => iteration), [0, 3, 6]);
      divergence.forEach(({ fit, heldOut: held }, i) => {
        // float32 knows each model to 1e-6 and the logarithm to 1e-7; the errors of many voxels cancel.
        assertAlmostEquals(fit, expected[i].fit, 1e-5 * expected[i].fit);
        assertEquals(held === undefined, expected[i].heldOut === undefined);
        if (held !== undefined) assertAlmostEquals(held, expected[i].heldOut!, 1e-5 * expected[i].heldOut!);
      });
    }
  }
});

Deno.test("measuring does not change the estimate by more than rounding", async () => {
  const options: Options = { box: [8, 12, 16], psfShape: [3, 3, 3], threads: 2 };
  const plain = await deconvolve(options, { iterations: 6 });
  const measured = await deconvolve(options, { iterations: 6, measureEvery: 2 });
  const peak = plain.reduce((a, b) => Math.max(a, b), 0);
  plain.forEach((value, i) => assert(Math.abs(value - measured[i]) <= 1e-6 * peak));
});

Deno.test("data without a positive value give zeros", async () => {
  const box: Vec3 = [8, 8, 8];
  for (const extra of [{}, { acceleration: "shb", scale: 5, dampingSigmas: 2 }] as Partial<Options>[]) {
    const empty = new Float32Array(512).fill(-1);
    const estimate = await deconvolve({ box, psfShape: [3, 3, 3], ...extra }, { iterations: 3 }, empty);
    assertEquals(estimate, new Float32Array(512));
  }
});

Deno.test("the estimate is the same bytes on every run and for every number of threads", async () => {
  for (const acceleration of ["none", "biggs"] as const) {
    for (const box of [[16, 20, 18], [1, 70, 80]] as Vec3[]) {
      const options: Options = { box, psfShape: [1, 5, 4], acceleration };
      const once = await deconvolve({ ...options, threads: 2 }, { iterations: 6 });
      for (const threads of [1, 2, 3]) {
        assertEquals(await deconvolve({ ...options, threads }, { iterations: 6 }), once, `${threads} threads`);
      }
    }
  }
});

Deno.test("runs that are asked for together wait for each other", async () => {
  const box: Vec3 = [8, 10, 12];
  const deconvolver = await createCpuDeconvolver({ box, psf: psf([3, 3, 3]), threads: 2 });
  const first = image(box);
  const second = first.map((value) => 2 * value);
  const results = await Promise.all([first, second, first].map((data) => deconvolver.run(data, { iterations: 4 })));
  await deconvolver.close();
  assertEquals(results[2].estimate, results[0].estimate);
  // Doubling is exact in float32, so everything doubles.
  assertEquals(results[1].estimate, results[0].estimate.map((value) => 2 * value));
});

Deno.test("NaN and infinite values are refused with the place of the first, unless they are not observed", async () => {
  const box: Vec3 = [8, 9, 10];
  for (const bad of [NaN, Infinity, -Infinity]) {
    const data = image(box);
    data[(5 * 9 + 7) * 10 + 3] = bad;
    data[data.length - 1] = bad;
    const run = (options: RunOptions, nonCirculant: boolean) =>
      deconvolve({ box, psfShape: [3, 3, 3], nonCirculant }, options, data);
    const error = await assertRejects(() => run({ iterations: 2 }, false), ClearstackError);
    assertEquals(error.kind, "corrupt-data");
    assert(error.message.includes(`5,7,3 `) && error.message.includes(String(bad)), error.message);
    const estimate = await run({ iterations: 2, observed: { start: [0, 0, 0], shape: [5, 9, 10] } }, true);
    assert(estimate.every(Number.isFinite));
  }
});

Deno.test("a run can be cancelled, and the next one is not disturbed", async () => {
  const box: Vec3 = [32, 32, 32];
  const deconvolver = await createCpuDeconvolver({ box, psf: psf([3, 3, 3]), threads: 2 });
  const expected = await deconvolver.run(image(box), { iterations: 2 });
  const abort = new AbortController();
  const cancelled = assertRejects(
    () => deconvolver.run(image(box), { iterations: 1_000_000, signal: abort.signal }),
    ClearstackError,
  );
  setTimeout(() => abort.abort(), 100);
  assertEquals((await cancelled).kind, "cancelled");
  assertEquals((await deconvolver.run(image(box), { iterations: 2 })).estimate, expected.estimate);
  await deconvolver.close();
});

Deno.test("a run tells how many iterations are done, from 0 for each run, whatever extrapolates them", async () => {
  const box: Vec3 = [32, 32, 32];
  for (const acceleration of ["none", "biggs"] as const) {
    const deconvolver = await createCpuDeconvolver({ box, psf: psf([3, 3, 3]), threads: 2, acceleration });
    for (const most of [1_000_000, 500_000]) {
      const abort = new AbortController();
      const counts: number[] = [];
      const onIterations = (done: number) => {
        counts.push(done);
        if (done > 0 && counts.length > 2) abort.abort();
      };
      await assertRejects(
        () => deconvolver.run(image(box), { iterations: most, signal: abort.signal, onIterations }),
        ClearstackError,
      );
      assertEquals(counts, counts.toSorted((a, b) => a - b));
      // A million iterations of 32 voxels cubed take minutes.
      assert(counts.at(-1)! > 0 && counts.at(-1)! < most, `${counts}`);
    }
    await deconvolver.close();
  }
});

Deno.test("closing ends a run that is under way, and closing twice is harmless", async () => {
  const box: Vec3 = [32, 32, 32];
  const deconvolver = await createCpuDeconvolver({ box, psf: psf([3, 3, 3]), threads: 2 });
  const run = assertRejects(() => deconvolver.run(image(box), { iterations: 1_000_000 }), ClearstackError);
  setTimeout(() => deconvolver.close(), 50);
  assertEquals((await run).kind, "cancelled");
  await deconvolver.close();
  await assertRejects(() => deconvolver.run(image(box), { iterations: 1 }), ClearstackError);
});

Deno.test("the calling thread goes on with other work", async () => {
  const box: Vec3 = [64, 64, 64];
  const deconvolver = await createCpuDeconvolver({ box, psf: psf([5, 5, 5]), threads: 2 });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 2);
  const { kernelSeconds } = await deconvolver.run(image(box), { iterations: 40 });
  clearInterval(timer);
  await deconvolver.close();
  // A thread that waited for the kernels would not tick at all. This one is one more than there may be cores, and on a busy
  // machine it ticks far less often than it asks to.
  assert(ticks >= 5, `${ticks} ticks in ${kernelSeconds} s`);
});

Deno.test("memory is as claimed, and about 16 bytes a voxel", async () => {
  for (const acceleration of ["none", "shb", "biggs"] as const) {
    const box: Vec3 = [48, 64, 128];
    const options = { acceleration, nonCirculant: true, threads: 2 };
    const { terms, total } = memoryLayout(box, options).bytes;
    assertEquals(Object.values(terms).reduce((a, b) => a + b), total);
    const deconvolver = await createCpuDeconvolver({ ...options, box, psf: psf([3, 3, 3]) });
    assertEquals(deconvolver.allocatedBytes, total);
    await deconvolver.close();
  }
  const { terms, total } = memoryLayout([256, 256, 256], { threads: 2 }).bytes;
  const voxels = 256 ** 3;
  assertEquals(terms.data + terms.estimate, 8 * voxels);
  // Columns come in blocks of four and half spectra have one column more than half: 132 instead of 128.
  assert(terms.spectrum + terms.transfer <= 8 * voxels * (132 / 128) * 1.001);
  assert(total <= 16.3 * voxels);
});

Deno.test("a box beyond the address space is refused before anything is allocated", async () => {
  const error = await assertRejects(
    () => createCpuDeconvolver({ box: [640, 700, 700], psf: psf([3, 3, 3]) }),
    ClearstackError,
  );
  assertEquals(error.kind, "over-budget");
  assert(error.message.includes("4 GiB"));
});

Deno.test("boxes, data and iterations that make no sense are refused", async () => {
  const box: Vec3 = [8, 8, 8];
  const options: Options = { box, psfShape: [3, 3, 3] };
  const refused = [
    () => deconvolve({ ...options, box: [8, 11, 8] }, { iterations: 1 }),
    () => deconvolve({ ...options, box: [8, 8, 9] }, { iterations: 1 }),
    () => deconvolve({ ...options, psfShape: [3, 9, 3] }, { iterations: 1 }),
    () => deconvolve({ ...options, threads: 0 }, { iterations: 1 }),
    () => deconvolve(options, { iterations: 0 }),
    () => deconvolve(options, { iterations: 1.5 }),
    () => deconvolve(options, { iterations: 1 }, new Float32Array(511)),
    () =>
      deconvolve({ ...options, nonCirculant: true }, {
        iterations: 1,
        observed: { start: [0, 0, 4], shape: [8, 8, 5] },
      }),
  ];
  for (const attempt of refused) assertEquals((await assertRejects(attempt, ClearstackError)).kind, "invalid-request");
});
