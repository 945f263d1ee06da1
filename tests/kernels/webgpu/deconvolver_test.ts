import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { RunOptions, RunResult, Volume } from "kernels/deconvolver.ts";
import { createWebGpuDeconvolver, type WebGpuDeconvolverOptions } from "kernels/webgpu/deconvolver.ts";
import { webGpuDeviceBytes } from "kernels/webgpu/device/device_bytes.ts";
import { DEFAULT_LIMITS } from "kernels/webgpu/device/limits.ts";
import { columnShape } from "kernels/webgpu/fft/workgroups.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { randomVolume } from "../../reference/random_volume.ts";
import { referenceRichardsonLucy, referenceRun } from "../../reference/richardson_lucy.ts";
import { slowWebgpuTest, webgpuTest } from "../../require.ts";

type Options = Omit<WebGpuDeconvolverOptions, "psf"> & { readonly psfShape: Vec3 };

/** Bright points on a dim ground, some of it negative as after background subtraction. */
function image(box: Vec3): Float32Array<ArrayBuffer> {
  return Float32Array.from(randomVolume(box, 11), (value) => (value > 0.9 ? 1000 * value : 20 * value - 1));
}

/** Points on a bright ground. */
function brightImage(box: Vec3): Float32Array<ArrayBuffer> {
  return Float32Array.from(randomVolume(box, 11), (value) => (value > 0.9 ? 200 * value : 20 * value + 50));
}

/** Without symmetry, so that mirrored or shifted PSFs show. */
function psf(shape: Vec3): Volume {
  return { shape, values: Float32Array.from(randomVolume(shape, 5), (value) => value + 0.1) };
}

async function deconvolve(
  { psfShape, ...options }: Options,
  run: RunOptions,
  data: Float32Array = image(options.box),
): Promise<RunResult> {
  const deconvolver = await createWebGpuDeconvolver({ ...options, psf: psf(psfShape) });
  try {
    return await deconvolver.run(data, run);
  } finally {
    await deconvolver.close();
  }
}

/** Largest difference from the float64 reference, relative to the reference's maximum. */
async function errorOfPeak(options: Options, run: RunOptions, data = image(options.box)): Promise<number> {
  const { estimate } = await deconvolve(options, run, data);
  const { psfShape, ...reference } = options;
  return relativeError(estimate, referenceRichardsonLucy(data, { ...reference, ...run, psf: psf(psfShape) }));
}

function relativeError(actual: Float32Array, expected: Float64Array): number {
  const peak = expected.reduce((a, b) => Math.max(a, b), 0);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i])), 0) / peak;
}

/** float32 transforms are good to 3e-7 of the peak; iterating does not add to it faster than the estimate sharpens. */
const TOLERANCE = 1e-5;

const PARITIES: Vec3[] = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [3 + (bits & 1), 3 + (bits >> 1 & 1), 3 + (bits >> 2)]);

slowWebgpuTest("estimates equal the float64 reference for a PSF of every parity", async () => {
  for (const psfShape of PARITIES) {
    const error = await errorOfPeak({ box: [9, 15, 10], psfShape }, { iterations: 10 });
    assert(error <= TOLERANCE, `PSF ${psfShape}: ${error} of the peak`);
  }
});

slowWebgpuTest("estimates equal the float64 reference for boxes of many shapes", async () => {
  for (const box of [[8, 8, 8], [16, 9, 32], [35, 21, 12], [1, 40, 48], [1, 9, 250]] as Vec3[]) {
    const error = await errorOfPeak({ box, psfShape: [Math.min(box[0], 5), 4, 5] }, { iterations: 10 });
    assert(error <= TOLERANCE, `box ${box}: ${error} of the peak`);
  }
});

webgpuTest("100 iterations stay within 1e-5 of the peak of the float64 reference", async () => {
  assert(await errorOfPeak({ box: [9, 15, 10], psfShape: [3, 5, 4] }, { iterations: 100 }) <= TOLERANCE);
});

slowWebgpuTest("accelerated iterations equal the float64 reference, with and without non-circulant edges", async () => {
  for (const acceleration of ["shb", "biggs"] as const) {
    for (const nonCirculant of [false, true]) {
      for (const box of [[10, 18, 16], [1, 18, 16]] as Vec3[]) {
        const options: Options = { box, psfShape: [1, 4, 5], acceleration, nonCirculant };
        const error = await errorOfPeak(options, { iterations: 20 });
        assert(error <= TOLERANCE, `${acceleration}, non-circulant ${nonCirculant}, box ${box}: ${error} of the peak`);
      }
    }
  }
});

slowWebgpuTest("what lies unobserved starts from the mean that a run is given", async () => {
  const observed = { start: [2, 3, 1] as Vec3, shape: [9, 8, 12] as Vec3 };
  const options: Options = { box: [14, 15, 16], psfShape: [5, 4, 5], nonCirculant: true };
  const error = await errorOfPeak(options, { iterations: 2, observed, mean: 400 });
  assert(error <= TOLERANCE, `${error} of the peak`);
});

const PHOTON_OPTIONS: Partial<WebGpuDeconvolverOptions>[] = [
  { background: 30 },
  { background: 30, saturation: 150, scale: 300 },
  { dampingSigmas: 3 },
  { dampingSigmas: 3, nonCirculant: true },
  { totalVariation: 0.02 },
  { totalVariation: 0.02, acceleration: "shb", nonCirculant: true },
  { totalVariation: 0.02, acceleration: "biggs", background: 30 },
  { backProjector: "wiener-butterworth" },
  { backProjector: "wiener-butterworth", nonCirculant: true },
];

slowWebgpuTest(
  "background, saturation, damping, total variation and the unmatched projector equal the reference",
  async () => {
    const observed = { start: [2, 3, 1], shape: [6, 12, 13] } as const;
    for (const box of [[10, 18, 16], [1, 18, 16]] as Vec3[]) {
      for (const extra of PHOTON_OPTIONS) {
        const options: Options = { box, psfShape: [1, 4, 5], ...extra };
        // The unmatched projector has negative lobes, which an observed box with an edge would blow up without bound.
        const cut = extra.nonCirculant && box[0] > 1 && !extra.backProjector;
        const run: RunOptions = { iterations: 8, ...(cut ? { observed } : {}) };
        const error = await errorOfPeak(options, run, brightImage(box));
        // Where hardly any light of a voxel is observed, weights of up to 100 enlarge the 3e-7 of the transforms.
        const bound = cut ? 100 * 3e-7 : TOLERANCE;
        assert(error <= bound, `${JSON.stringify(extra)}, box ${box}: ${error} of the peak`);
      }
    }
  },
);

slowWebgpuTest("slabs give the estimate and the measurements of whole volumes", async () => {
  const box: Vec3 = [16, 9, 16];
  const run: RunOptions = { iterations: 5, measureEvery: 2, measured: { start: [3, 0, 2], shape: [11, 8, 10] } };
  for (const acceleration of ["none", "biggs"] as const) {
    const options: Options = { box, psfShape: [3, 4, 5], acceleration };
    const whole = await deconvolve(options, run);
    const slabs = await deconvolve({ ...options, tuning: { slabPlanes: 3 } }, run);
    // To the byte, so that a slab size may be chosen by measuring.
    assertEquals(slabs.estimate, whole.estimate);
    assertEquals(slabs.divergence, whole.divergence);
  }
});

slowWebgpuTest("columns of a workgroup change no byte of the estimate and the measurements", async () => {
  const box: Vec3 = [64, 32, 64];
  const limits = DEFAULT_LIMITS;
  // Otherwise the same kernels would be compared.
  const widths = [8, 16, 32].map((columns) => columnShape(box[0], box[2] / 2, 1, limits, columns).columns);
  assertEquals(new Set(widths).size, 3, `${widths}`);
  const run: RunOptions = { iterations: 3, measureEvery: 2 };
  const options: Options = { box, psfShape: [3, 4, 5], acceleration: "biggs", limitCaps: limits };
  const usual = await deconvolve(options, run);
  for (const columns of [8, 32]) {
    const tuned = await deconvolve({ ...options, tuning: { columns } }, run);
    assertEquals(tuned.estimate, usual.estimate);
    assertEquals(tuned.divergence, usual.divergence);
  }
});

webgpuTest("the smoothing of total variation equals the float64 reference, and is 1e-3 where not given", async () => {
  const options: Options = { box: [10, 12, 16], psfShape: [3, 4, 5], totalVariation: 0.02 };
  const deconvolved = (totalVariationSmoothing: number) =>
    deconvolve({ ...options, totalVariationSmoothing }, { iterations: 6 });
  for (const totalVariationSmoothing of [1e-5, 0.05, 1]) {
    const error = await errorOfPeak({ ...options, totalVariationSmoothing }, { iterations: 6 });
    assert(error <= TOLERANCE, `${totalVariationSmoothing}: ${error} of the peak`);
  }
  const usual = await deconvolve(options, { iterations: 6 });
  assertEquals((await deconvolved(1e-3)).estimate, usual.estimate);
  assertNotEquals((await deconvolved(2e-3)).estimate, usual.estimate);
});

webgpuTest("total variation keeps flat images of any brightness finite", async () => {
  const options: Options = {
    box: [1, 18, 16],
    psfShape: [1, 4, 5],
    totalVariation: 0.02,
    totalVariationSmoothing: 1e-6,
  };
  const { estimate } = await deconvolve(options, { iterations: 3 }, new Float32Array(18 * 16).fill(1e-16));
  // The square of the smoothing is below the smallest float32.
  assert(estimate.every((value) => Math.abs(value - 1e-16) < 1e-21), `${estimate.slice(0, 4)}`);
});

webgpuTest("total variation reaches across the buffers that a box is cut into", async () => {
  const box: Vec3 = [16, 9, 14];
  const limitCaps = { maxStorageBufferBindingSize: (4 * voxelCount(box)) / 4 };
  const options: Options = { box, psfShape: [3, 4, 5], totalVariation: 0.02, limitCaps };
  assert(await errorOfPeak(options, { iterations: 5 }, brightImage(box)) <= TOLERANCE);
});

slowWebgpuTest(
  "measured divergences equal the reference, with held-out photons, over a part of a box in parts",
  async () => {
    const box: Vec3 = [16, 9, 14];
    const limitCaps = { maxStorageBufferBindingSize: (4 * voxelCount(box)) / 4 };
    const base = { box, psf: psf([3, 4, 5]), nonCirculant: true, background: 5 };
    const deconvolver = await createWebGpuDeconvolver({ ...base, limitCaps });
    const run: RunOptions = {
      iterations: 8,
      measureEvery: 3,
      measured: { start: [3, 0, 2], shape: [11, 8, 10] },
      observed: { start: [0, 1, 1], shape: [16, 8, 12] },
    };
    const heldOut = { values: brightImage(box).map((value) => 0.1 * value), ratio: 0.12 };
    for (const wanted of [run, { ...run, heldOut }]) {
      const { estimate, divergence } = await deconvolver.run(brightImage(box), wanted);
      const expected = referenceRun(brightImage(box), { ...base, ...wanted });
      assert(relativeError(estimate, expected.estimate) <= TOLERANCE);
      assertEquals(divergence!.map(({ iteration }) => iteration), [0, 3, 6]);
      expected.divergence.forEach((each, i) => {
        // Logarithms on a GPU are good to 2^-21 where data and model are close, 1e-4 of a term where its series takes over.
        assert(Math.abs(divergence![i].fit / each.fit - 1) < 1e-4, `fit ${divergence![i].fit}, expected ${each.fit}`);
        assertEquals(divergence![i].heldOut === undefined, each.heldOut === undefined);
        assert(Math.abs((divergence![i].heldOut ?? 1) / (each.heldOut ?? 1) - 1) < 1e-4);
      });
    }
    await deconvolver.close();
  },
);

webgpuTest("a flat start equals the float64 reference", async () => {
  assert(await errorOfPeak({ box: [9, 15, 10], psfShape: [3, 5, 4] }, { iterations: 5, start: "flat" }) <= TOLERANCE);
});

webgpuTest("unobserved voxels count as unknown, and a run may observe another part than the one before", async () => {
  const box: Vec3 = [10, 18, 16];
  const options = { box, psf: psf([3, 5, 4]), nonCirculant: true };
  const deconvolver = await createWebGpuDeconvolver(options);
  const parts: RunOptions["observed"][] = [
    undefined,
    { start: [2, 3, 1], shape: [6, 12, 13] },
    { start: [0, 3, 0], shape: [10, 12, 16] },
  ];
  for (const observed of parts) {
    for (const start of ["data", "flat"] as const) {
      const run: RunOptions = { iterations: 10, start, ...(observed ? { observed } : {}) };
      const { estimate } = await deconvolver.run(image(box), run);
      const error = relativeError(estimate, referenceRichardsonLucy(image(box), { ...options, ...run }));
      assert(error <= TOLERANCE, `observed ${JSON.stringify(observed)}, start ${start}: ${error} of the peak`);
    }
  }
  await deconvolver.close();
});

slowWebgpuTest("volumes cut into several buffers give the estimate of whole ones", async () => {
  const cases = [
    { box: [16, 9, 14], parts: 4 }, // 16 = one pass, whose registers lie in known parts
    { box: [20, 9, 14], parts: 5 }, // 20 = 10 x 2, whose registers do not
  ] as const;
  for (const { box, parts } of cases) {
    for (const acceleration of ["none", "biggs"] as const) {
      const limitCaps = { maxStorageBufferBindingSize: (4 * voxelCount(box)) / parts };
      const options: Options = { box, psfShape: [3, 4, 5], acceleration, nonCirculant: true, limitCaps };
      const error = await errorOfPeak(options, { iterations: 5 });
      assert(error <= TOLERANCE, `box ${box} in ${parts} parts: ${error} of the peak`);
    }
  }
});

webgpuTest("the device memory claimed beforehand is what is allocated", async () => {
  const box: Vec3 = [10, 18, 16];
  const variants: Partial<WebGpuDeconvolverOptions>[] = [
    {},
    { acceleration: "shb", nonCirculant: true },
    { acceleration: "biggs", totalVariation: 0.01 },
    { backProjector: "wiener-butterworth" },
  ];
  for (const variant of variants) {
    const claimed = webGpuDeviceBytes(box, variant);
    const deconvolver = await createWebGpuDeconvolver({ box, psf: psf([1, 4, 5]), ...variant });
    const { allocatedBytes } = deconvolver;
    await deconvolver.close();
    assert(
      Math.abs(claimed.total / allocatedBytes - 1) <= 0.05,
      `claimed ${claimed.total}, allocated ${allocatedBytes}`,
    );
  }
});

webgpuTest("held-out photons count into the memory from the first run with some on", async () => {
  const box: Vec3 = [10, 18, 16];
  const deconvolver = await createWebGpuDeconvolver({ box, psf: psf([1, 4, 5]) });
  const before = deconvolver.allocatedBytes;
  const heldOut = { values: brightImage(box), ratio: 0.1 };
  await deconvolver.run(brightImage(box), { iterations: 1, measureEvery: 1, heldOut });
  assertEquals(deconvolver.allocatedBytes - before, 4 * voxelCount(box));
  assertEquals(
    webGpuDeviceBytes(box, { heldOut: true }).total - webGpuDeviceBytes(box, {}).total,
    4 * voxelCount(box),
  );
  await deconvolver.close();
});

webgpuTest("equal runs give equal bytes", async () => {
  for (const acceleration of ["none", "biggs"] as const) {
    const options: Options = { box: [10, 18, 16], psfShape: [1, 4, 5], acceleration };
    const [first, second] = [
      await deconvolve(options, { iterations: 7 }),
      await deconvolve(options, { iterations: 7 }),
    ];
    assertEquals(first.estimate, second.estimate);
  }
});

webgpuTest("data stay with the caller, and shared memory is read in place", async () => {
  const box: Vec3 = [9, 15, 10];
  const deconvolver = await createWebGpuDeconvolver({ box, psf: psf([3, 3, 3]) });
  const data = image(box);
  const shared = new Float32Array(new SharedArrayBuffer(data.byteLength));
  shared.set(data);
  const runs = [await deconvolver.run(data, { iterations: 2 }), await deconvolver.run(shared, { iterations: 2 })];
  assertEquals(data, image(box));
  assertEquals(new Float32Array(shared), data);
  assertEquals(runs[0].estimate, runs[1].estimate);
  await deconvolver.close();
});

webgpuTest("an image without a positive value gives zeros", async () => {
  const box: Vec3 = [9, 15, 10];
  // With a scale and a mean that others have found, too: then nobody looks for the largest value.
  for (const [scale, mean] of [[undefined, undefined], [80, 9]]) {
    const deconvolver = await createWebGpuDeconvolver({ box, psf: psf([3, 3, 3]), ...(scale ? { scale } : {}) });
    for (const start of ["data", "flat"] as const) {
      const options = { iterations: 2, start, ...(mean ? { mean } : {}) };
      const { estimate } = await deconvolver.run(new Float32Array(voxelCount(box)).fill(-1), options);
      assertEquals(estimate, new Float32Array(voxelCount(box)));
    }
    await deconvolver.close();
  }
});

webgpuTest("NaN and infinite values are named with their place, unless they lie outside the observed box", async () => {
  const box: Vec3 = [10, 18, 16];
  const deconvolver = await createWebGpuDeconvolver({ box, psf: psf([3, 3, 3]), nonCirculant: true });
  for (const bad of [NaN, Infinity, -Infinity]) {
    const data = image(box);
    data[(2 * 18 + 3) * 16 + 4] = bad;
    const error = await assertRejects(() => deconvolver.run(data, { iterations: 1 }), ClearstackError);
    assertEquals(error.kind, "corrupt-data");
    assert(error.message.includes("2,3,4") && error.message.includes(String(bad)), error.message);
    await deconvolver.run(data, { iterations: 1, observed: { start: [3, 0, 0], shape: [7, 18, 16] } });
  }
  await deconvolver.close();
});

webgpuTest("requests that contradict themselves are refused", async () => {
  const box: Vec3 = [9, 15, 10];
  const invalid = async (attempt: () => Promise<unknown>) =>
    assertEquals((await assertRejects(attempt, ClearstackError)).kind, "invalid-request");
  await invalid(() => createWebGpuDeconvolver({ box: [9, 15, 11], psf: psf([3, 3, 3]) }));
  await invalid(() => createWebGpuDeconvolver({ box, psf: psf([3, 3, 12]) }));
  const deconvolver = await createWebGpuDeconvolver({ box, psf: psf([3, 3, 3]) });
  await invalid(() => deconvolver.run(image(box), { iterations: 0 }));
  await invalid(() => deconvolver.run(image(box), { iterations: 1.5 }));
  await invalid(() => deconvolver.run(new Float32Array(5), { iterations: 1 }));
  await invalid(() => deconvolver.run(image(box), { iterations: 1, observed: { start: [0, 0, 1], shape: box } }));
  await deconvolver.close();
  const unmatched = { box, psf: psf([3, 3, 3]), backProjector: "wiener-butterworth", nonCirculant: true } as const;
  const preview = await createWebGpuDeconvolver(unmatched);
  const observed = { start: [1, 0, 0], shape: [8, 15, 10] } as const;
  await invalid(() => preview.run(image(box), { iterations: 1, observed }));
  await preview.close();
});
