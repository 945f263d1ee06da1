/** What is decided for the whole image, with real kernels. */
import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import type { JobProgress } from "functions/orchestrate/run/job_run.ts";
import type { JobDeps } from "functions/orchestrate/run/run_job.ts";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import { type JobRequest, type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Engine } from "shared/engine/engine.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { GLOW, noisyBars, rmse } from "../../../fixtures/bars.ts";
import { identityKernels } from "../../identity_kernels.ts";
import { identityJobs, keysBelow, readOutput } from "../../identity_jobs.ts";
import { writeZarr } from "../../sample_image.ts";
import { openStore, reduceTile } from "../../../stores.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";

const SHAPE: Vec3 = [24, 36, 32];
const MOST = 40;
const bars = noisyBars(SHAPE, 60);
await writeZarr("memory:pilot/image", { shape: SHAPE, chunk: [8, 18, 16], values: bars.counted });
await writeZarr("memory:pilot/psf", { shape: bars.psf.shape, chunk: bars.psf.shape, values: bars.psf.values });

/** A request for 2 x 2 x 2 tiles. */
function requestOf(output: string, algorithm: JobRequestInput["algorithm"]): JobRequest {
  return JobRequestSchema.parse({
    source: { url: "memory:pilot/image" },
    psf: { url: "memory:pilot/psf" },
    output: { url: `memory:pilot/${output}` },
    algorithm: { boundary: "periodic", iterations: MOST, acceleration: "shb", ...algorithm },
    tiling: { tile: [12, 18, 16], halo: [4, 6, 6] },
    backend: "cpu",
    seamCheck: 0,
  });
}

const computer = createTileComputer({ chooseBackend, createDeconvolver }, NO_ENVIRONMENT);
const deps: JobDeps = { ...identityJobs(), engine: createLocalEngine({ ...computer, levels: reduceTile }) };

/** Hands the same tasks out in the opposite order, one at a time. */
const backwards: Engine = {
  ...deps.engine,
  fanOut: (kind, tasks, options) => deps.engine.fanOut(kind, [...tasks].reverse(), { ...options, concurrency: 1 }),
};

async function pilotRecord(output: string) {
  const job = await openStore(`memory:pilot/${output}`).get(".clearstack/job.json");
  return JSON.parse(new TextDecoder().decode(job)).pilot;
}

/** Distance from the truth after 1 to {@link MOST} iterations. */
async function errorsOnTheWay(): Promise<number[]> {
  const whole = await createDeconvolver("cpu", { box: SHAPE, psf: bars.psf, acceleration: "shb" });
  const errors: number[] = [];
  for (let k = 1; k <= MOST; k++) {
    errors.push(rmse((await whole.run(Float32Array.from(bars.counted), { iterations: k })).estimate, bars.truth));
  }
  await whole.close();
  return errors;
}

Deno.test("held-out photons stop noisy bars within a tenth of the best error along the path", async () => {
  const { iterations, decisions } = await runJob(requestOf("held-out", { stop: "held-out" }), deps);
  const errors = await errorsOnTheWay();
  const best = Math.min(...errors);
  // The path must turn, or any rule would do: running on must cost more than the tenth that is allowed.
  assert(errors.at(-1)! > 1.2 * best, `${errors}`);
  assert(iterations > 1 && iterations < MOST, `${iterations}`);
  assertLess(rmse(await readOutput("memory:pilot/held-out"), bars.truth), 1.1 * best);
  assertEquals([decisions!.iterations, decisions!.reason!.includes("held-out")], [iterations, true]);
});

Deno.test("noise decides from the image and the PSF, without a tile run for it, and stops within a tenth of the best error", async () => {
  const asked = requestOf("noise", { stop: "noise", iterations: 150 });
  const { iterations, decisions, kernelSeconds } = await runJob(asked, deps);
  const errors = await errorsOnTheWay();
  assertLess(errors[iterations - 1]!, 1.1 * Math.min(...errors));
  assertEquals([decisions!.iterations, decisions!.reason!.includes("noise hides")], [iterations, true]);
  assert(kernelSeconds > 0);
  assertEquals((await pilotRecord("noise")).measurements, []);
});

Deno.test("the divergence rule stops where an iteration gains little, later with a smaller tolerance", async () => {
  const [early, late] = [
    await runJob(requestOf("early", { stop: "divergence", stopTolerance: 0.01 }), deps),
    await runJob(requestOf("late", { stop: "divergence", stopTolerance: 0.001 }), deps),
  ];
  assert(1 < early.iterations && early.iterations < late.iterations && late.iterations <= MOST);
  const { measurements } = await pilotRecord("early");
  const gain = (k: number) => 1 - measurements[k].fit / measurements[k - 1].fit;
  assert(gain(early.iterations) < 0.01 && gain(early.iterations - 1) >= 0.01);
  assertEquals(measurements.length, MOST + 1);
});

Deno.test("what was decided, not only asked for, is told: in the result, the job's record and the root", async () => {
  const { decisions } = await runJob(requestOf("told", { stop: "held-out", background: "auto" }), deps);
  assertEquals((await pilotRecord("told")).decisions, decisions);
  const root = JSON.parse(new TextDecoder().decode(await openStore("memory:pilot/told").get("zarr.json")));
  assertEquals(root.attributes.clearstack.decisions, decisions);
});

Deno.test("the automatic background is the light between the bars", async () => {
  const { decisions } = await runJob(requestOf("background", { background: "auto", iterations: 2 }), deps);
  // Counts of a mean of 2 photons: the mode of the sample is a whole number or between two, at most one below the mean, and
  // the blurred bars lift it by less than one.
  assertAlmostEquals(decisions!.background, GLOW, 1);
  assertEquals(decisions!.iterations, 2);
});

Deno.test("order, concurrency and resuming change neither the choice nor a byte", async () => {
  const algorithm = { stop: "held-out", background: "auto", totalVariation: 0.001 } as const;
  const straight = await runJob(requestOf("straight", algorithm), deps);
  const reversed = await runJob(requestOf("reversed", algorithm), { ...deps, engine: backwards });
  const stop = new AbortController();
  const afterTwo = { signal: stop.signal, onProgress: ({ tilesDone }: JobProgress) => tilesDone >= 2 && stop.abort() };
  await assertRejects(() => runJob(requestOf("resumed", algorithm), { ...deps, engine: backwards }, afterTwo));
  const decided = await pilotRecord("resumed");
  let pilots = 0;
  const counting: Engine = {
    fanOut: (kind, tasks, options) => {
      if (kind === "pilots") pilots++;
      return deps.engine.fanOut(kind, tasks, options);
    },
  };
  const resumed = await runJob(requestOf("resumed", algorithm), { ...deps, engine: counting });
  assertEquals(pilots, 0, "a pilot ran again");
  assertEquals([reversed.decisions, resumed.decisions], [straight.decisions, decided.decisions]);
  assert(resumed.tilesComputed < 8, "finished tiles were computed again");
  const bytes = await chunkBytes("straight");
  assertEquals(await chunkBytes("reversed"), bytes);
  assertEquals(await chunkBytes("resumed"), bytes);
});

async function chunkBytes(output: string): Promise<Map<string, Uint8Array>> {
  const url = `memory:pilot/${output}`;
  const keys = (await keysBelow(url)).filter((key) => key.startsWith("0/c/"));
  assertEquals(keys.length >= 8, true);
  return new Map(await Promise.all(keys.map(async (key) => [key, (await openStore(url).get(key))!] as const)));
}

Deno.test("every tile is told the same numbers, and they reach the kernels", async () => {
  const kernels = identityKernels();
  const algorithm = { totalVariation: 0.002, dampingSigmas: 3, photonsPerUnit: 4, saturation: "auto" } as const;
  const { decisions } = await runJob(requestOf("kernels", { ...algorithm, background: 1.5 }), identityJobs(kernels));
  // Damping of 3 standard deviations of counts that are 4 times the values.
  const told = { background: 1.5, totalVariation: 0.002, dampingSigmas: 1.5, saturation: 65535 };
  const { scale } = decisions!;
  assert(scale! > 0.5 * bars.counted.reduce((most, count) => Math.max(most, count), 0));
  for (const options of kernels.made) assertEquals({ ...options, ...told, scale }, options);
});

Deno.test("a job that leaves nothing open runs no pilot and reads no sample", async () => {
  const request = requestOf("plain", { acceleration: "none", background: 2, dampingSigmas: 2 });
  const { decisions } = await runJob(request, identityJobs());
  assertEquals([decisions, await pilotRecord("plain")], [undefined, undefined]);
});

Deno.test("a job that is cancelled during its pilot leaves nothing behind", async () => {
  const stop = new AbortController();
  const onProgress = ({ message }: JobProgress) => message?.startsWith("running") && stop.abort();
  const request = requestOf("cancelled", { stop: "held-out" });
  await assertRejects(() => runJob(request, deps, { signal: stop.signal, onProgress }), "cancelled");
  assertEquals(await keysBelow(request.output.url), []);
});

Deno.test("the device is freed after all", () => computer.close());
