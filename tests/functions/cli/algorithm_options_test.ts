/** Every setting of the algorithm from the command line to the output, against the definition in float64. */
import { assert, assertEquals, assertLess } from "@std/assert";
import type { DeconvolverOptions, RunOptions } from "kernels/deconvolver.ts";
import { JobResultSchema } from "shared/contract/job_status.ts";
import { PlanSchema } from "shared/contract/plan.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { totalBytes } from "shared/plan/host_memory.ts";
import { noisyBars } from "../../fixtures/bars.ts";
import { referenceRichardsonLucy } from "../../reference/richardson_lucy.ts";
import { slowWebgpuTest } from "../../require.ts";
import { readOutput } from "../identity_jobs.ts";
import { writeZarr } from "../sample_image.ts";
import { exists, runCli } from "./run_cli.ts";

const SHAPE: Vec3 = [10, 16, 16];
const bars = noisyBars(SHAPE, 80);
const folder = await Deno.makeTempDir({ prefix: "clearstack-options-" });
const path = (name: string) => `${folder}/${name}`;
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeZarr(path("image.zarr"), { shape: SHAPE, chunk: SHAPE, values: bars.counted });
await writeZarr(path("floats.zarr"), { shape: SHAPE, chunk: SHAPE, values: Float32Array.from(bars.counted) });
await writeZarr(path("psf.zarr"), { shape: bars.psf.shape, chunk: bars.psf.shape, values: bars.psf.values });

/** One box that wraps around is the whole image: what the reference computes. */
const WHOLE = ["--boundary", "periodic", "--halo", "0,0,0", "--tile", SHAPE.join(",")];

const deconvolve = (output: string, flags: string) =>
  runCli([
    ...["deconvolve", path("image.zarr"), path(output), "--psf", path("psf.zarr"), "--json", "--quiet"],
    ...WHOLE,
    ...flags.split(" "),
  ]);

/** The largest count: the one chunk of the image is sampled whole, so it is the scale that is decided. */
const scale = bars.counted.reduce((most, count) => Math.max(most, count), 0);

interface Case {
  readonly flags: string;
  readonly options: Partial<DeconvolverOptions & RunOptions>;
}

const CASES: readonly Case[] = [
  { flags: "--background 1.5", options: { background: 1.5 } },
  { flags: "--tv 0.01", options: { totalVariation: 0.01, scale } },
  {
    flags: "--tv 0.01 --tv-smoothing 0.1",
    options: { totalVariation: 0.01, totalVariationSmoothing: 0.1, scale },
  },
  { flags: "--back-projector wiener-butterworth", options: { backProjector: "wiener-butterworth" } },
  { flags: "--damping 2", options: { dampingSigmas: 2 } },
  { flags: "--damping 2 --photons-per-unit 4", options: { dampingSigmas: 1 } },
  { flags: "--saturation 20", options: { saturation: 20 } },
  { flags: "--saturation auto", options: { saturation: 65535 } },
  { flags: "--acceleration shb --start flat", options: { acceleration: "shb", start: "flat", scale } },
  {
    flags: "--acceleration biggs --tv 0.002 --background 1 --damping 2",
    options: { acceleration: "biggs", totalVariation: 0.002, background: 1, dampingSigmas: 2, scale },
  },
];

const ITERATIONS = 6;

async function compareWithReference({ flags, options }: Case, backend: "cpu" | "webgpu"): Promise<void> {
  const name = `${backend}${flags.replaceAll(/[^a-z0-9]/g, "")}.zarr`;
  const { status, err } = await deconvolve(name, `${flags} --iterations ${ITERATIONS} --backend ${backend}`);
  assertEquals([status, err], [0, ""]);
  const estimate = await readOutput(path(name));
  const reference = referenceRichardsonLucy(bars.counted, {
    ...{ box: SHAPE, psf: bars.psf, iterations: ITERATIONS },
    ...options,
  });
  const peak = reference.reduce((a, b) => Math.max(a, b), 0);
  const worst = reference.reduce((most, value, i) => Math.max(most, Math.abs(value - estimate[i]!)), 0);
  // The bound on float32 against float64 that the kernels are held to.
  assertLess(worst, 1e-5 * peak);
  const plain = referenceRichardsonLucy(bars.counted, { box: SHAPE, psf: bars.psf, iterations: ITERATIONS });
  const changed = reference.some((value, i) => Math.abs(value - plain[i]!) > 1e-3 * peak);
  assertEquals(changed, flags !== "--saturation auto", "what the setting changes must be more than the tolerance");
}

for (const one of CASES) {
  Deno.test(`${one.flags} gives what its definition says (cpu)`, () => compareWithReference(one, "cpu"));
  slowWebgpuTest(`${one.flags} gives what its definition says (webgpu)`, () => compareWithReference(one, "webgpu"));
}

for (const rule of ["held-out", "divergence --stop-tolerance 0.01"]) {
  const choose = async (backend: "cpu" | "webgpu") => {
    const flags = `--stop ${rule} --acceleration shb --iterations 60 --backend ${backend}`;
    const { status, out, err } = await deconvolve(`${backend}-${rule.slice(0, 4)}.zarr`, flags);
    assertEquals([status, err], [0, ""]);
    const { iterations, decisions } = JobResultSchema.parse(JSON.parse(out));
    assertEquals(iterations, decisions!.iterations);
    return iterations;
  };
  let chosen: number;
  Deno.test(`--stop ${rule} stops before the most iterations (cpu)`, async () => {
    chosen = await choose("cpu");
    assert(chosen > 1 && chosen < 60, `${chosen}`);
  });
  slowWebgpuTest(`--stop ${rule} chooses the same on both backends, give or take one`, async () => {
    // Sums that differ in the last digits may move a flat minimum by an iteration.
    assert(Math.abs(await choose("webgpu") - chosen) <= 1);
  });
}

Deno.test("the result is told in words with what decided the number of iterations", async () => {
  const args = ["deconvolve", path("image.zarr"), path("words.zarr"), "--psf", path("psf.zarr"), "--backend", "cpu"];
  const { status, out } = await runCli([...args, "--stop", "held-out", "--background", "auto", "--iterations", "30"]);
  assertEquals(status, 0);
  assert(/\d+ iterations: held-out photons were predicted best/.test(out), out);
});

for (
  const [source, flags, words] of [
    ["floats.zarr", "--saturation auto", "float32"],
    ["floats.zarr", "--stop held-out", "--photons-per-unit"],
    ["floats.zarr", "--damping 3", "--photons-per-unit"],
    ["image.zarr", "--stop held-out --saturation auto", "saturation off"],
    ["image.zarr", "--stop-tolerance 0.01", "--stop divergence"],
    ["image.zarr", "--back-projector wiener-butterworth --acceleration shb", "biggs"],
    ["image.zarr", "--back-projector wiener-butterworth --stop divergence", "held-out"],
    ["image.zarr", "--tv 1", "from 0 to 0.1"],
    ["image.zarr", "--tv-smoothing 0.01", "--tv 0.002"],
    ["image.zarr", "--otf-precision half", "float32, float16"],
  ] as const
) {
  Deno.test(`${flags} of ${source}: exit status 2, one line, nothing written`, async () => {
    const args = ["deconvolve", path(source), path("refused.zarr"), "--psf", path("psf.zarr"), ...flags.split(" ")];
    const { status, out, err } = await runCli([...args, "--backend", "cpu"]);
    assertEquals([status, out, await exists(path("refused.zarr"))], [2, "", false]);
    assert(/^clearstack: [^\n]+\n$/.test(err) && err.includes(words), err);
  });
}

const precisely = async (precision: "float32" | "float16", backend: "cpu" | "webgpu") => {
  const name = `${precision}-${backend}.zarr`;
  const flags = `--otf-precision ${precision} --iterations ${ITERATIONS} --backend ${backend}`;
  const { status, err } = await deconvolve(name, flags);
  assertEquals([status, err], [0, ""]);
  const args = ["plan", path("image.zarr"), "--psf", path("psf.zarr"), "--json", ...WHOLE, ...flags.split(" ")];
  const { planHash, hostBytes, deviceBytes } = PlanSchema.parse(JSON.parse((await runCli(args)).out));
  // A software adapter computes in the memory of the host.
  return { planHash, claimed: hostBytes + deviceBytes, values: await readOutput(path(name)) };
};

Deno.test("--otf-precision float16 leaves the CPU's estimate as it is, and is another plan", async () => {
  const [single, half] = [await precisely("float32", "cpu"), await precisely("float16", "cpu")];
  assertEquals(half.values, single.values);
  assert(half.planHash !== single.planHash);
});

slowWebgpuTest("--otf-precision float16 reaches the GPU, which then keeps less and errs by little", async () => {
  const [single, half] = [await precisely("float32", "webgpu"), await precisely("float16", "webgpu")];
  const peak = single.values.reduce((a, b) => Math.max(a, b), 0);
  const worst = single.values.reduce((most, value, i) => Math.max(most, Math.abs(value - half.values[i]!)), 0);
  // Each iteration convolves twice with coefficients that are off by up to 2^-11 of themselves; float32 would err by 1e-5.
  assertLess(worst, 2 * ITERATIONS * 2 ** -11 * peak);
  assertLess(1e-6 * peak, worst);
  // The OTF of float16 is at least a byte less for each voxel.
  assert(half.claimed <= single.claimed - SHAPE[0] * SHAPE[1] * SHAPE[2]);
});

Deno.test("the plan shows the inflation beside that of the pipeline of 2020", async () => {
  const args = ["plan", path("image.zarr"), "--psf", path("psf.zarr"), "--backend", "cpu", ...WHOLE];
  const { out } = await runCli([...args, "--otf-precision", "float16"]);
  assert(out.includes("all in one piece, 1.00 voxels computed for each of it"), out);
  const cut = await runCli([...args.slice(0, -WHOLE.length), "--tile", "8,10,12", "--halo", "2,2,2"]);
  assert(/\d\.\d\d voxels computed for each useful one \(2\.6 in the Dask/.test(cut.out), cut.out + cut.err);
  const grown = await runCli([...args.slice(0, -WHOLE.length), "--crop", "0:8,0:8,0:8"]);
  assert(
    /all in one piece, with the reach of the PSF \(.*\d\d voxels computed for each of it; a smaller PSF/.test(
      grown.out,
    ),
    grown.out,
  );
  assert(out.includes("OTF in float16"), out);
});

Deno.test("the plan claims memory for what the settings need, and shows them", async () => {
  const plan = async (flags: string) => {
    const args = ["plan", path("image.zarr"), "--psf", path("psf.zarr"), "--backend", "cpu", ...WHOLE];
    return (await runCli([...args, ...flags.split(" ")])).out;
  };
  const claimed = async (flags: string) =>
    totalBytes(PlanSchema.parse(JSON.parse(await plan(`--json ${flags}`))).hostMemory);
  const volume = 4 * SHAPE[0] * SHAPE[1] * SHAPE[2];
  // Each is one volume more for the kernels, counted in whole pages of 64 KiB; held-out photons are split on the host besides.
  const most = await claimed("--tv 0.01 --back-projector wiener-butterworth --stop held-out");
  assert(most >= (await claimed("--start data")) + 3 * volume);
  const table = await plan("--tv 0.01 --background auto --stop held-out");
  for (const words of ["total variation 0.01", "background auto", "iterations at most 20", "stop by held-out"]) {
    assert(table.includes(words), table);
  }
});
