/** Jobs over images of several times and channels: what is selected, which PSF is whose, and what is decided for each. */
import { imageName } from "shared/image/image_name.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { prepareJob } from "functions/orchestrate/plan/prepare_job.ts";
import type { JobProgress } from "functions/orchestrate/run/job_run.ts";
import type { JobDeps } from "functions/orchestrate/run/run_job.ts";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import { type JobRequest, type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import { JobStatusSchema } from "shared/contract/job_status.ts";
import type { TileTask } from "shared/contract/tile.ts";
import type { Engine } from "shared/engine/engine.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { ClearstackError } from "shared/errors.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { readVolumes } from "../../fixtures/read_whole.ts";
import { pickVolumes, writeSeries } from "../../fixtures/series.ts";
import { identityJobs, keysBelow } from "../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { loadPsf, openImage, openStore, reduceTile } from "../../stores.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";

const SHAPE = [3, 3, 6, 16, 14] as const;
const NAMES = ["DAPI", "GFP", "far red"];
/** Brightness and glow differ from channel to channel, as in real images. */
const GAIN = [1, 0.1, 0.5];
const GLOW = [50, 400, 7];
const voxels = SHAPE[2] * SHAPE[3] * SHAPE[4];
const values = patternedVoxels(SHAPE).map((value, index) => {
  const channel = Math.floor(index / voxels) % 3;
  // Most voxels are dark, so that the glow can be told.
  return GLOW[channel]! + (value < 3000 ? 0 : GAIN[channel]! * value);
});
const PSF_SHAPES = [[3, 3, 3], [3, 5, 5], [1, 3, 5]] as const;

const folder = memoryUrl();
const at = (name: string) => ({ url: `${folder}/${name}` });
await writeSeries(at("image").url, { shape: SHAPE, chunk: [2, 2, 3, 16, 14], values, names: NAMES });
for (const [index, shape] of PSF_SHAPES.entries()) await writePsf(at(`psf-${index}`).url, shape);
await writePsf(at("flat-psf").url, [3, 3]);
const psfs = PSF_SHAPES.map((_, index) => at(`psf-${index}`));
/** Three channels of one size, each of another PSF. */
const channelled = Float32Array.from(
  { length: 3 * 27 },
  (_, index) => 1 + (index % 27 === 13 ? 4 * (1 + Math.floor(index / 27)) : 0),
);
await writeZarr(at("psf-czyx").url, { shape: [3, 3, 3, 3], chunk: [2, 3, 3, 3], values: channelled });
await writeZarr(at("psf-two").url, { shape: [2, 3, 3, 3], chunk: [2, 3, 3, 3], values: channelled.slice(0, 2 * 27) });

let outputs = 0;

function requestOf(more: Partial<JobRequestInput> = {}): JobRequest {
  return JobRequestSchema.parse({
    source: at("image"),
    psf: at("psf-0"),
    output: at(`output-${++outputs}`),
    tiling: { tile: [6, 8, 14], halo: [2, 3, 3] },
    backend: "cpu",
    seamCheck: 0,
    ...more,
  });
}

const hashOf = async (location: Parameters<typeof loadPsf>[0]) => (await loadPsf(location)).info.sha256;

/** Runs a job without changing a voxel, and gives the tasks of its tiles. */
async function tasksOf(request: JobRequest): Promise<TileTask[]> {
  const tasks: TileTask[] = [];
  await runJob(
    request,
    identityJobs(undefined, (invoke) => (task, signal) => {
      tasks.push(task);
      return invoke(task, signal);
    }),
  );
  return tasks;
}

/** Hash of the PSF of each channel of the output. */
async function psfOfChannels(request: JobRequest): Promise<string[]> {
  const hashes: Set<string>[] = [];
  for (const { tile, psfSha256 } of await tasksOf(request)) (hashes[tile.outer[1]!] ??= new Set()).add(psfSha256);
  return hashes.map((ofChannel) => [...ofChannel].join());
}

Deno.test("the output holds the selected channels in their order and the selected times, with all their metadata", async () => {
  const request = requestOf({ select: { channels: ["far red", 0], times: { start: 1 } } });
  const { tiles, voxels } = await runJob(request, identityJobs());
  const { info, ...image } = await openImage(request.output);
  assertEquals([info.shape, tiles, voxels], [[2, 2, 6, 16, 14], 8, 2 * 2 * 6 * 16 * 14]);
  const picked = pickVolumes(values, SHAPE, { times: [1, 2], channels: [2, 0] });
  assertEquals(await readVolumes({ info, ...image }), Float32Array.from(picked));
  assertEquals([info.scale, info.translation], [[5, 1, 0.5, 0.2, 0.2], [5, 0, 0, 0, 0]]);
  assertEquals(info.axes.map(({ unit }) => unit), ["second", undefined, "micrometer", "micrometer", "micrometer"]);
  assertEquals(info.name, imageName(request.output.url), "an output has its own name");
});

Deno.test("a selected time or channel that is the only one keeps its axis", async () => {
  const request = requestOf({ select: { channels: [1], times: { start: 2 } } });
  await runJob(request, identityJobs());
  const image = await openImage(request.output);
  assertEquals(image.info.shape, [1, 1, 6, 16, 14]);
  assertEquals(await readVolumes(image), Float32Array.from(pickVolumes(values, SHAPE, { times: [2], channels: [1] })));
});

Deno.test("channels of a 2-D image and times of a stack are selected alike", async () => {
  const flat = patternedVoxels([3, 16, 14]);
  for (const axes of ["cyx", "tyx"] as const) {
    await writeZarr(at(axes).url, { shape: [3, 16, 14], chunk: [2, 8, 14], values: flat, axes: [...axes] });
    const request = requestOf({
      source: at(axes),
      psf: at("flat-psf"),
      select: axes === "cyx" ? { channels: [2] } : { times: { start: 2 } },
      tiling: { tile: [1, 8, 14], halo: [0, 3, 3] },
    });
    await runJob(request, identityJobs());
    const image = await openImage(request.output);
    assertEquals([image.info.shape, image.info.axes.map(({ name }) => name).join("")], [[1, 16, 14], axes]);
    assertEquals(await readVolumes(image), Float32Array.from(flat.slice(2 * 16 * 14)));
  }
});

Deno.test("a plan counts what is selected, and its hash is of the selection", async () => {
  const planOf = async (select?: JobRequestInput["select"]) =>
    (await prepareJob(requestOf(select === undefined ? {} : { select }), identityJobs())).plan;
  const whole = await planOf();
  const some = await planOf({ channels: [2, 0], times: { stop: 1 } });
  assertEquals([some.outerShape, some.tiles, some.voxels], [[1, 2], whole.tiles * 2 / 9, whole.voxels * 2 / 9]);
  for (const bytes of ["bytesRead", "bytesWritten"] as const) assertEquals(some[bytes] / whole[bytes], 2 / 9, bytes);
  // A chunk holds two times and two channels, and each volume decodes it anew.
  assertEquals(whole.readAmplification % 4, 0);
  assertEquals((await planOf({ channels: [0, 1, 2] })).planHash, whole.planHash);
  const hashes = await Promise.all([
    planOf({ channels: [0, 2], times: { stop: 1 } }),
    planOf({ channels: [2, 0], times: { start: 1, stop: 2 } }),
    planOf({ channels: [2, 0] }),
  ]);
  assertEquals(new Set([whole, some, ...hashes].map(({ planHash }) => planHash)).size, 5);
});

Deno.test("a list of PSFs is one for each selected channel, in their order", async () => {
  const hashes = await Promise.all(psfs.map(hashOf));
  assertEquals(await psfOfChannels(requestOf({ psf: psfs })), hashes);
  const select = { channels: [2, "DAPI"] };
  assertEquals(await psfOfChannels(requestOf({ psf: psfs.slice(0, 2), select })), hashes.slice(0, 2));
});

Deno.test("a PSF with as many channels as the image as stored belongs to these, whichever are selected", async () => {
  const psf = at("psf-czyx");
  const hashes = await Promise.all([0, 1, 2].map((channel) => hashOf({ ...psf, channel })));
  assertEquals(new Set(hashes).size, 3);
  assertEquals(await psfOfChannels(requestOf({ psf })), hashes);
  assertEquals(await psfOfChannels(requestOf({ psf, select: { channels: [2, 0] } })), [hashes[2], hashes[0]]);
  assertEquals(await psfOfChannels(requestOf({ psf, select: { channels: [1] } })), [hashes[1]]);
  assertEquals(await psfOfChannels(requestOf({ psf: { ...psf, channel: 1 } })), [hashes[1], hashes[1], hashes[1]]);
});

Deno.test("a PSF with as many channels as are selected belongs to these in their order", async () => {
  const psf = at("psf-two");
  const hashes = await Promise.all([0, 1].map((channel) => hashOf({ ...psf, channel })));
  assertEquals(await psfOfChannels(requestOf({ psf, select: { channels: [2, 0] } })), hashes);
});

for (
  const [what, more, message] of [
    [
      "two PSFs for three channels",
      { psf: psfs.slice(0, 2) },
      "2 PSFs are named for 3 channels (0 (DAPI), 1 (GFP), 2 (far red))",
    ],
    [
      "a PSF of two channels for three",
      { psf: at("psf-two") },
      "the PSF has 2 channels, the image 3 (0 (DAPI), 1 (GFP), 2 (far red))",
    ],
    [
      "a channel that a PSF lacks",
      { psf: { ...at("psf-czyx"), channel: 3 } },
      "there is no channel 3: choose from 0, 1, 2",
    ],
    ["a channel of a PSF without any", { psf: { ...at("psf-0"), channel: 1 } }, "there is no channel 1: choose from 0"],
    [
      "a list with a PSF of several channels",
      { psf: [psfs[0]!, psfs[1]!, at("psf-czyx")] },
      "choose one of 3 channels (0, 1, 2) with --psf-channel",
    ],
    ["a channel that is not there", { select: { channels: ["Cy5"] } }, "there is no channel Cy5: choose from 0 (DAPI)"],
  ] as const
) {
  Deno.test(`${what} is refused before anything is written`, async () => {
    const request = requestOf(more as Partial<JobRequestInput>);
    await assertRejects(() => runJob(request, identityJobs()), ClearstackError, message);
    assertEquals(await keysBelow(request.output.url), []);
  });
}

Deno.test("no output may lie over the PSF of any channel, and nothing of it is lost", async () => {
  const before = await keysBelow(psfs[2]!.url);
  const request = requestOf({ psf: psfs, output: { ...psfs[2]!, ifExists: "overwrite" } });
  await assertRejects(() => runJob(request, identityJobs()), ClearstackError, "over the PSF");
  assertEquals(await keysBelow(psfs[2]!.url), before);
});

Deno.test("halo and boxes fit the largest PSF, and PSFs that are all the same make the plan of one", async () => {
  const planOf = async (psf: JobRequestInput["psf"]) =>
    (await prepareJob(requestOf({ psf, tiling: { tile: [6, 8, 14] } }), identityJobs())).plan;
  const [several, ...alone] = await Promise.all([psfs, ...psfs].map(planOf));
  for (const axis of [0, 1, 2] as const) {
    assertEquals(several!.halo[axis], Math.max(...alone.map(({ halo }) => halo[axis])));
    assertEquals(several!.psf.shape[axis], Math.max(...PSF_SHAPES.map((shape) => shape[axis])));
  }
  const [first, same] = [alone[0]!, await planOf([psfs[0]!, psfs[0]!, psfs[0]!])];
  assertEquals([same.planHash, same.psf.channels?.length], [first.planHash, 3]);
  assertNotEquals((await planOf(psfs.toReversed())).planHash, several!.planHash);
});

const computer = createTileComputer({ chooseBackend, createDeconvolver }, NO_ENVIRONMENT);
const deps: JobDeps = { ...identityJobs(), engine: createLocalEngine({ ...computer, levels: reduceTile }) };

/** Hands the same tasks out in the opposite order. */
const backwards: Engine = {
  fanOut: (kind, tasks, options) => deps.engine.fanOut(kind, [...tasks].reverse(), options),
};

/** Everything that a pilot decides of brightness, and a PSF for each channel. */
const demanding = (more: Partial<JobRequestInput> = {}) =>
  requestOf({
    psf: psfs,
    algorithm: {
      iterations: 3,
      background: "auto",
      acceleration: "shb",
      boundary: "non-circulant",
      totalVariation: 0.001,
    },
    ...more,
  });

async function chunkBytes(url: string): Promise<Map<string, Uint8Array>> {
  const keys = (await keysBelow(url)).filter((key) => /^\d+\/c\//.test(key));
  assert(keys.length > 0);
  return new Map(await Promise.all(keys.map(async (key) => [key, (await openStore(url).get(key))!] as const)));
}

Deno.test("each channel comes out as if it were deconvolved alone, with its own background, scale and PSF", async () => {
  // Boxes make room for the largest PSF; no room is made here, so that they are alike.
  const tiling = { tile: [6, 8, 14], halo: [0, 1, 1] } as const;
  const all = demanding({ psf: [psfs[0]!, psfs[1]!, psfs[2]!], tiling });
  const { decisions } = await runJob(all, deps);
  const together = await readVolumes(await openImage(all.output));
  for (const channel of [0, 1, 2]) {
    const alone = demanding({ psf: psfs[channel]!, select: { channels: [channel] }, tiling });
    const { decisions: own } = await runJob(alone, deps);
    const { iterations: _, ...ofChannel } = own!;
    assertEquals(decisions!.channels![channel], ofChannel);
    // The glow is the commonest value by far: more than half of all voxels, without noise.
    assertEquals(ofChannel.background, GLOW[channel]);
    const picked = pickVolumes(together, SHAPE, { times: [0, 1, 2], channels: [channel] });
    assertEquals(await readVolumes(await openImage(alone.output)), picked);
  }
  assertEquals([decisions!.background, decisions!.channels!.length], [undefined, 3]);
});

Deno.test("order and resuming change no byte where channels differ", async () => {
  const [straight, reversed, resumed] = [demanding(), demanding(), demanding()];
  await runJob(straight, deps);
  await runJob(reversed, { ...deps, engine: backwards });
  const stop = new AbortController();
  const afterFour = { signal: stop.signal, onProgress: ({ tilesDone }: JobProgress) => tilesDone >= 4 && stop.abort() };
  await assertRejects(() => runJob(resumed, deps, afterFour), ClearstackError, "tiles are kept");
  const { tiles, tilesComputed } = await runJob(resumed, { ...deps, engine: backwards });
  assert(tilesComputed > 0 && tilesComputed <= tiles - 4, `${tilesComputed} of ${tiles}`);
  const bytes = await chunkBytes(straight.output.url);
  assertEquals(await chunkBytes(reversed.output.url), bytes);
  assertEquals(await chunkBytes(resumed.output.url), bytes);
});

Deno.test("iterations are found once for all channels, from tiles that each use their own PSF", async () => {
  const hashes = new Set<string>();
  const watching: Engine = {
    fanOut: (kind, tasks, options) => {
      if (kind !== "pilots") return deps.engine.fanOut(kind, tasks, options);
      const list = [...tasks];
      for (const { psfSha256 } of list as TileTask[]) hashes.add(psfSha256);
      return deps.engine.fanOut(kind, list, options);
    },
  };
  const request = requestOf({ psf: psfs, algorithm: { iterations: 6, stop: "divergence", stopTolerance: 0.05 } });
  const { decisions, iterations } = await runJob(request, { ...deps, engine: watching });
  assertEquals([decisions!.iterations, decisions!.channels!.length], [iterations, 3]);
  assertEquals([...hashes].sort(), (await Promise.all(psfs.map(hashOf))).sort());
});

Deno.test("tiles that need the same PSF follow each other, whatever their times and shapes", async () => {
  const tasks = await tasksOf(requestOf({ psf: psfs }));
  const setups = tasks.map(({ psfSha256, tile }) => `${psfSha256} ${tile.box.shape}`);
  const changes = setups.filter((setup, index) => setup !== setups[index - 1]).length;
  assertEquals(changes, new Set(setups).size);
});

Deno.test("selection and PSFs of channels are asked for over HTTP, kept with the job, and refused as problems", async () => {
  const jobs = await LocalJobRunner.start({ deps: identityJobs(), store: openStore(memoryUrl()), log: () => {} });
  const app = createApiApp({ jobs, allowedUrls: "any", log: () => {} });
  const post = (path: string, body: unknown) =>
    app.request(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  const select = { channels: ["GFP", 0], times: { start: 1, step: 2 } };
  const { tiling, output } = requestOf();
  const request = { source: at("image"), psf: psfs.slice(0, 2), output, tiling, select };
  const plan = await (await post("/v1/plans", request)).json();
  assertEquals([plan.outerShape, plan.source.selection], [[1, 2], { channels: [1, 0], times: { start: 1, step: 1 } }]);
  const status = JobStatusSchema.parse(await (await post("/v1/jobs", request)).json());
  assertEquals(status.request.select, { channels: ["GFP", 0], times: { start: 1, step: 2 } });
  const events = await Array.fromAsync(readEvents((await app.request(`/v1/jobs/${status.id}/events`)).body!));
  assertEquals(events.at(-1)!.status.state, "done");
  const picked = pickVolumes(values, SHAPE, { times: [1], channels: [1, 0] });
  assertEquals(await readVolumes(await openImage(output)), Float32Array.from(picked));
  for (
    const [bad, detail] of [[{ channels: [7] }, "there is no channel 7"], [
      {},
      "select channels, times or both",
    ]] as const
  ) {
    const response = await post("/v1/plans", { ...request, select: bad });
    assertEquals(response.status, 400);
    assert((await response.json()).detail.includes(detail));
  }
  await jobs.close();
});

Deno.test("the device is freed after all", () => computer.close());
