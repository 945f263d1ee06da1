import { assert, assertEquals, assertRejects } from "@std/assert";
import { createCpuDeconvolver } from "kernels/cpu/deconvolver.ts";
import type { Deconvolver, DeconvolverOptions, RunOptions, Volume } from "kernels/deconvolver.ts";
import { createWebGpuDeconvolver, type WebGpuDeconvolverOptions } from "kernels/webgpu/deconvolver.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { randomVolume } from "../reference/random_volume.ts";
import { slowWebgpuTest, webgpuTest } from "../require.ts";

const PSF: Volume = { shape: [1, 4, 5], values: Float32Array.from(randomVolume([1, 4, 5], 5), (value) => value + 0.1) };

/** Camera counts over the whole range, some of them 0. */
function counts(box: Vec3): Uint16Array {
  return Uint16Array.from(randomVolume(box, 11), (value) => value < 0.1 ? 0 : Math.round(65535 * value ** 4));
}

/** What two types of data may change if anything does: start, background, masks, measurements, slabs and parts. */
const CASES: { options: Partial<WebGpuDeconvolverOptions>; run: Partial<RunOptions> }[] = [
  { options: {}, run: {} },
  { options: { acceleration: "shb" }, run: { start: "flat" } },
  { options: { acceleration: "biggs", background: 30 }, run: { measureEvery: 2 } },
  {
    options: { nonCirculant: true, dampingSigmas: 3, saturation: 60_000 },
    run: { measureEvery: 2, observed: { start: [0, 2, 1], shape: [1, 15, 14] } },
  },
];

type Make = (options: DeconvolverOptions) => Promise<Deconvolver>;

async function assertSameBytes(make: Make, options: DeconvolverOptions, run: RunOptions): Promise<void> {
  const data = counts(options.box);
  const results = [];
  for (const dataType of ["float32", "uint16"] as const) {
    const deconvolver = await make({ ...options, dataType });
    results.push(await deconvolver.run(dataType === "uint16" ? data : Float32Array.from(data), run));
    // A deconvolver for float32 widens what it is given.
    if (dataType === "float32") results.push(await deconvolver.run(data, run));
    await deconvolver.close();
  }
  assert(results[0].estimate.some((value) => value > 0));
  for (const { estimate, divergence } of results.slice(1)) {
    assertEquals(estimate, results[0].estimate);
    assertEquals(divergence, results[0].divergence);
  }
}

for (
  const [backend, register, make] of [["webgpu", slowWebgpuTest, createWebGpuDeconvolver], [
    "cpu",
    Deno.test,
    createCpuDeconvolver,
  ]] as const
) {
  register(`${backend}: uint16 data give the bytes that float32 data give`, async () => {
    for (const { options, run } of CASES) {
      for (const box of [[1, 18, 16], [10, 18, 16]] as Vec3[]) {
        const observed = run.observed && { ...run.observed, shape: [box[0], 15, 14] as const };
        const runOptions = { iterations: 5, ...run, ...(observed ? { observed } : {}) };
        await assertSameBytes(make, { ...options, box, psf: PSF }, runOptions);
      }
    }
  });

  register(`${backend}: a deconvolver for uint16 refuses float32 data`, async () => {
    const box: Vec3 = [1, 18, 16];
    const deconvolver = await make({ box, psf: PSF, dataType: "uint16" });
    const error = await assertRejects(
      () => deconvolver.run(new Float32Array(voxelCount(box)), { iterations: 1 }),
      ClearstackError,
    );
    assertEquals(error.kind, "invalid-request");
    await deconvolver.close();
  });
}

slowWebgpuTest("uint16 data may be cut into slabs and parts, and come in shared memory", async () => {
  const box: Vec3 = [16, 9, 14];
  const limitCaps = { maxStorageBufferBindingSize: (4 * voxelCount(box)) / 4 };
  const data = new Uint16Array(new SharedArrayBuffer(2 * voxelCount(box)));
  data.set(counts(box));
  const estimates = [];
  for (const cut of [{ limitCaps }, { limitCaps, tuning: { slabPlanes: 2 } }]) {
    const deconvolver = await createWebGpuDeconvolver({ box, psf: PSF, dataType: "uint16", ...cut });
    estimates.push((await deconvolver.run(data, { iterations: 5 })).estimate);
    await deconvolver.close();
  }
  const whole = await createWebGpuDeconvolver({ box, psf: PSF });
  const { estimate } = await whole.run(Float32Array.from(data), { iterations: 5 });
  await whole.close();
  // Cut kernels compute other indices but the same numbers.
  for (const cut of estimates) assertEquals(cut, estimate);
});

webgpuTest(
  "uint16 data of a known scale and mean, which nobody looks at, give the bytes of those that are looked at",
  async () => {
    const box: Vec3 = [8, 9, 14];
    const observed = { start: [1, 2, 3], shape: [3, 6, 9] } as const;
    const methods: Partial<DeconvolverOptions>[] = [
      { nonCirculant: true },
      { acceleration: "shb", background: 3 },
      { acceleration: "biggs" },
      { backProjector: "wiener-butterworth" },
    ];
    for (const method of methods) {
      for (const start of ["data", "flat"] as const) {
        const made = { box, psf: PSF, scale: 900, ...method };
        const run = { iterations: 3, mean: 40, start, ...(method.nonCirculant ? { observed } : {}) };
        const plain = await createWebGpuDeconvolver({ ...made, dataType: "uint16" });
        const seen = await createWebGpuDeconvolver(made);
        const data = counts(box);
        const { estimate } = await plain.run(data, run);
        assertEquals(
          estimate,
          (await seen.run(Float32Array.from(data), run)).estimate,
          JSON.stringify([method, start]),
        );
        const nothing = await plain.run(new Uint16Array(data.length), run);
        assert(nothing.estimate.every((value) => value === 0), JSON.stringify([method, start]));
        await Promise.all([plain.close(), seen.close()]);
      }
    }
  },
);
