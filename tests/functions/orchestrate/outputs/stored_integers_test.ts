/** Outputs of integers: one meaning for the whole image, whatever order its tiles come in. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { createLevelReducer } from "functions/pyramid/reduce_tile.ts";
import { type JobDeps, runJob } from "functions/orchestrate/run/run_job.ts";
import { runShare } from "functions/orchestrate/run/run_share.ts";
import type { JobProgress } from "functions/orchestrate/run/job_run.ts";
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import { type JobRequest, type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Engine } from "shared/engine/engine.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { readVolumes } from "../../../fixtures/read_whole.ts";
import { openImage, openStore } from "../../../stores.ts";
import { identityJobs, readOutput, sampleRequest } from "../../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";
import { levelObjects } from "./small_job.ts";

type OutputInput = Partial<JobRequestInput["output"]>;

const SHAPE = [6, 40, 300];
const URL = memoryUrl();
const values = patternedVoxels(SHAPE);
await writeZarr(`${URL}/image`, { shape: SHAPE, chunk: [6, 20, 100], values });
await writePsf(`${URL}/psf`);

const computer = createTileComputer({ chooseBackend, createDeconvolver }, NO_ENVIRONMENT);
const engine = createLocalEngine({ ...computer, levels: createLevelReducer(NO_ENVIRONMENT) });
const deps: JobDeps = { ...identityJobs(), engine };
/** Hands the same tasks out in the opposite order, one at a time. */
const backwards: Engine = {
  ...engine,
  fanOut: (kind, tasks, options) => engine.fanOut(kind, [...tasks].reverse(), { ...options, concurrency: 1 }),
};

function requestOf(output: string, settings: OutputInput, more: Partial<JobRequestInput> = {}): JobRequest {
  return JobRequestSchema.parse({
    source: { url: `${URL}/image` },
    psf: { url: `${URL}/psf` },
    output: { url: `${URL}/${output}`, ...settings },
    algorithm: { iterations: 3, boundary: "symmetric" },
    tiling: { tile: [6, 20, 100], halo: [2, 4, 4] },
    backend: "cpu",
    ...more,
  });
}

const root = async (output: string) =>
  JSON.parse(new TextDecoder().decode(await openStore(`${URL}/${output}`).get("zarr.json"))).attributes;

/** Counts that say how much was clipped must be those of an undisturbed run. */
function sameClipping(result: JobResult, other: JobResult): void {
  assertEquals([result.clipping, result.intensity], [other.clipping, other.intensity]);
}

const floats = await runJob(requestOf("floats", {}), deps).then(() => readOutput(`${URL}/floats`));
const peak = floats.reduce((most, value) => Math.max(most, value), 0);

for (const [dtype, most] of [["uint16", 65535], ["uint8", 255]] as const) {
  Deno.test(`every voxel of ${dtype} is what float32 would have been, to half a step, and the clipped ones are counted`, async () => {
    const hi = 0.7 * peak;
    const { intensity, clipping, warnings } = await runJob(requestOf(dtype, { dtype, range: [20, hi] }), deps);
    assertEquals(intensity, { scale: (hi - 20) / most, offset: 20, unit: "source" });
    const image = await openImage({ url: `${URL}/${dtype}` });
    assertEquals(image.info.dtype, dtype);
    const stored = await readVolumes(image);
    const { scale, offset } = intensity!;
    const steps = floats.map((value) => Math.floor((value - offset) / scale + 0.5));
    assertEquals(stored, steps.map((step) => Math.min(Math.max(step, 0), most)));
    const [below, above] = [steps.filter((step) => step < 0).length, steps.filter((step) => step > most).length];
    assert(below > 0 && above > 0);
    assertEquals(clipping, { below, above, least: Math.min(...floats), largest: peak });
    const attributes = await root(dtype);
    assertEquals([attributes.clearstack.intensity, attributes.clearstack.clipping], [intensity, clipping]);
    // A range that holds them all is named, and holds them.
    const [, lo, wide] = /--range ([^,]+),(\S+) holds/.exec(
      warnings!.find(({ code }) => code === "output-clipped")!.message,
    )!;
    const again = await runJob(requestOf(`${dtype}-wide`, { dtype, range: [Number(lo), Number(wide)] }), deps);
    assertEquals([again.clipping!.below, again.clipping!.above], [0, 0]);
    assert(!again.warnings?.some(({ code }) => code === "output-clipped"));
  });
}

Deno.test("an automatic range is decided once, half as much again as the largest value of the tiles it was taken from", async () => {
  const messages: string[] = [];
  const onProgress = ({ message = "" }: JobProgress) => messages.push(message);
  const { decisions, intensity, clipping, warnings } = await runJob(requestOf("auto", { dtype: "uint16" }), deps, {
    onProgress,
  });
  // There are six tiles, fewer than a pilot takes.
  assertEquals(decisions, { iterations: 3, range: [0, 1.5 * peak] });
  assertEquals([intensity!.offset, clipping!.above, warnings?.some(({ code }) => code === "output-clipped") ?? false], [
    0,
    0,
    false,
  ]);
  const job = JSON.parse(new TextDecoder().decode(await openStore(`${URL}/auto`).get(".clearstack/job.json")));
  assertEquals([job.pilot.decisions, (await root("auto")).clearstack.decisions], [decisions, decisions]);
  assert(messages.some((message) => message.startsWith("the range of uint16 is 0 to ")), `${messages}`);
});

Deno.test("neither order nor interruption changes a byte or a count", async () => {
  for (const settings of [{ dtype: "uint8" }, { dtype: "uint16", range: [100, 3000] }] as const) {
    const name = settings.dtype;
    const straight = await runJob(requestOf(`${name}-straight`, settings), deps);
    const reversed = await runJob(requestOf(`${name}-reversed`, settings), { ...deps, engine: backwards });
    const stop = new AbortController();
    const afterTwo = {
      signal: stop.signal,
      onProgress: ({ tilesDone }: JobProgress) => tilesDone >= 2 && stop.abort(),
    };
    await assertRejects(() => runJob(requestOf(`${name}-resumed`, settings), { ...deps, engine: backwards }, afterTwo));
    const resumed = await runJob(requestOf(`${name}-resumed`, settings), deps);
    assert(resumed.tilesComputed < resumed.tiles);
    const accepted = await runJob(requestOf(`${name}-resumed`, { ...settings, ifExists: "resume" }), deps);
    assertEquals(accepted.tilesComputed, 0);
    const shared = requestOf(`${name}-shared`, settings);
    for (const index of [1, 0, 2]) await runShare(shared, deps, { share: { index, of: 3 } });
    const together = await runJob({ ...shared, output: { ...shared.output, ifExists: "resume" } }, deps);
    const objects = await levelObjects(`${URL}/${name}-straight`);
    assert(objects.has("1/zarr.json"), "there is no coarser level");
    for (
      const [result, output] of [[reversed, "reversed"], [resumed, "resumed"], [accepted, "resumed"], [
        together,
        "shared",
      ]] as const
    ) {
      sameClipping(result, straight);
      assertEquals(await levelObjects(`${URL}/${name}-${output}`), objects);
      assertEquals((await root(`${name}-${output}`)).clearstack.clipping, straight.clipping);
    }
  }
});

Deno.test("coarser levels are means of stored values, rounded, and windows are in stored units", async () => {
  const { intensity } = await runJob(requestOf("levels", { dtype: "uint8", range: [0, peak] }), deps);
  const [finest, coarser] = await Promise.all(["0", "1"].map((path) => openImage({ url: `${URL}/levels`, path })));
  assertEquals([finest!.info.dtype, coarser!.info.dtype], ["uint8", "uint8"]);
  const [fine, means] = [await readVolumes(finest!), await readVolumes(coarser!)];
  const [depth, height, width] = coarser!.info.shape as [number, number, number];
  const factors = finest!.info.shape.map((side, axis) => Math.round(side / coarser!.info.shape[axis]!)) as [
    number,
    number,
    number,
  ];
  const shape = finest!.info.shape as [number, number, number];
  for (let at = 0; at < means.length; at++) {
    const [z, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
    let [sum, count] = [0, 0];
    for (let dz = 0; dz < factors[0] && z * factors[0] + dz < shape[0]; dz++) {
      for (let dy = 0; dy < factors[1] && y * factors[1] + dy < shape[1]; dy++) {
        for (let dx = 0; dx < factors[2] && x * factors[2] + dx < shape[2]; dx++, count++) {
          sum += fine[((z * factors[0] + dz) * shape[1] + y * factors[1] + dy) * shape[2] + x * factors[2] + dx]!;
        }
      }
    }
    assert(Math.abs(means[at]! - sum / count) <= 0.5, `${at} of ${depth}: ${means[at]} for ${sum} / ${count}`);
  }
  const { omero } = (await root("levels")).ome;
  const [{ window }] = omero.channels;
  assertEquals([window.min, window.max], [Math.min(...fine), 255]);
  assert(Number.isInteger(window.start) && Number.isInteger(window.end));
  assertAlmostEquals(intensity!.scale * 255, peak, 1e-3);
});

Deno.test("all channels share one range, that of the brightest", async () => {
  const shape = [2, 3, 2, 16, 16];
  const channels = patternedVoxels(shape).map((value, index) => Math.floor(index / 512) % 3 === 1 ? value : value % 50);
  await writeZarr(`${URL}/channels`, { shape, chunk: [1, 1, 2, 16, 16], values: channels });
  const request = requestOf("of-channels", { dtype: "uint16" }, {
    source: { url: `${URL}/channels` },
    tiling: { tile: [2, 16, 16], halo: [0, 4, 4] },
  });
  const { decisions, clipping } = await runJob(request, deps);
  await runJob(requestOf("of-channels-floats", {}, { source: request.source, tiling: request.tiling }), deps);
  const float = await readVolumes(await openImage({ url: `${URL}/of-channels-floats` }));
  // One tile of each channel is run, which may be of the darker time point.
  assert(decisions!.range![1] > 1.2 * float.reduce((most, value) => Math.max(most, value), 0), `${decisions!.range}`);
  assertEquals([decisions!.channels, clipping!.above], [undefined, 0]);
  const { scale } = (await root("of-channels")).clearstack.intensity;
  const stored = await readVolumes(await openImage({ url: `${URL}/of-channels` }));
  // Products are rounded to float32: 2^-24 of up to 1.5 * 4000, on top of half a step.
  stored.forEach((step, index) => assertAlmostEquals(scale * step, float[index]!, 0.5 * scale + 1e-3));
});

Deno.test("what rounding leaves is no seam, also where hardly a step is used", async () => {
  const everywhere = { seamCheck: 64 };
  const { seam: plain } = await runJob(requestOf("seam-floats", {}, everywhere), deps);
  // Some steps for the whole image, or none at all: what a seam check compares is all in the rounding.
  for (const range of [[0, peak], [0, 1e9], [-1e9, 1e9]] as const) {
    const { seam } = await runJob(requestOf(`seam-${range}`, { dtype: "uint8", range }, everywhere), deps);
    assertEquals(seam!.places, plain!.places);
    // A stored peak is half a step off, a five-hundredth of the whole range.
    assert(seam!.largest <= 1.01 * plain!.largest, `${seam!.largest} > ${plain!.largest}`);
  }
});

Deno.test("clipped voxels are no seam, and a real one is found", async () => {
  const request = requestOf("clipped-seam", { dtype: "uint16", range: [0, peak / 50] }, { seamCheck: 64 });
  const { seam } = await runJob(request, deps);
  assert(seam!.largest < 0.1, `${seam!.largest}`);
  const { request: sample } = await sampleRequest();
  const jobs = identityJobs();
  const damaged: JobDeps = {
    ...jobs,
    engine: {
      fanOut: async (kind, tasks, options) => {
        if (kind === "seams") {
          const store = openStore(sample.output.url);
          const [key] = (await Array.fromAsync(store.list("0/c/"))).sort();
          for (const other of (await Array.fromAsync(store.list("0/c/"))).sort().slice(1)) {
            await store.put(other, (await store.get(key!))!);
          }
        }
        return await jobs.engine.fanOut(kind, tasks, options);
      },
    },
  };
  const integers = { ...sample, output: { ...sample.output, dtype: "uint16" as const, range: [0, 4000] as const } };
  await assertRejects(() => runJob(integers, damaged), "where tiles meet they differ");
});

Deno.test("the range and the type belong to the plan", async () => {
  const hashes = await Promise.all(
    [{}, { dtype: "uint16" }, { dtype: "uint16", range: [0, 9] }, { dtype: "uint8", range: [0, 9] }].map(
      async (settings, index) => {
        const output = `hash-${index}`;
        await runJob(requestOf(output, settings as OutputInput), deps);
        return JSON.parse(new TextDecoder().decode(await openStore(`${URL}/${output}`).get(".clearstack/job.json")))
          .planHash;
      },
    ),
  );
  assertEquals(new Set(hashes).size, 4);
  // An unfinished output of another type is another job's.
  await assertRejects(() => runJob(requestOf("hash-1", { dtype: "uint8", ifExists: "resume" }), deps), "--overwrite");
});

Deno.test("the device is freed after all", () => computer.close());
