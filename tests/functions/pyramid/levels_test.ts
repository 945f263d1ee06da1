/** Jobs with coarser levels, from request to what viewers read. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import type { JobProgress } from "functions/orchestrate/run/job_run.ts";
import type { LevelTask } from "shared/contract/level.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { readVolumes, readWhole } from "../../fixtures/read_whole.ts";
import { keysBelow, readOutput } from "../identity_jobs.ts";
import { levelsOf } from "./means_of.ts";
import { pyramidJobs, pyramidRequest, type PyramidSample } from "./pyramid_jobs.ts";
import { openImage, openStore } from "../../stores.ts";

/** 1100 -> 550 -> 275 -> 138 along x, and z down to one plane. */
const LONG = { shape: [5, 21, 1100], chunk: [5, 21, 256], tile: [5, 21, 256] } as const;
const HALVES: Vec3[] = [[2, 2, 2], [2, 2, 2], [2, 2, 2]];

const rootOf = async (url: string) => JSON.parse(new TextDecoder().decode(await openStore(url).get("zarr.json")));
const readLevel = async (url: string, level: number, outer: readonly number[] = []) => {
  return await readWhole(await openImage({ url, path: `${level}` }), outer);
};

Deno.test("each level holds the means of the one before, and its scale and place say so", async () => {
  const { request, values } = await pyramidRequest(LONG);
  const { url } = request.output;
  const result = await runJob(request, pyramidJobs());
  assertEquals(await readOutput(url), values);
  for (const [index, means] of levelsOf(values, LONG.shape, HALVES).entries()) {
    assertEquals(await readLevel(url, index + 1), means, `level ${index + 1}`);
  }
  const { multiscales: [multiscale], omero } = (await rootOf(url)).attributes.ome;
  assertEquals(multiscale.type, "mean");
  const steps = [[1, 1, 1], [2, 2, 2], [4, 4, 4], [8, 8, 8]];
  assertEquals(
    multiscale.datasets,
    steps.map((step, level) => ({
      path: `${level}`,
      coordinateTransformations: [
        { type: "scale", scale: step },
        ...(level === 0 ? [] : [{ type: "translation", translation: step.map((s) => (s - 1) / 2) }]),
      ],
    })),
  );
  assertEquals(omero.channels.length, 1);
  const extremes = [Math.min(...values.values()), Math.max(...values.values())];
  assertEquals([omero.channels[0].window.min, omero.channels[0].window.max], extremes);
  assert(result.bytesWritten > 0);
});

Deno.test("a job tells which level it writes", async () => {
  const { request } = await pyramidRequest(LONG);
  const messages: JobProgress["message"][] = [];
  await runJob(request, pyramidJobs(), { onProgress: ({ message }) => messages.push(message) });
  const told = messages.filter((message) => message?.startsWith("writing level"));
  assertEquals(told, [1, 2, 3].map((level) => `writing level ${level} of 3`));
});

/** Jobs that stop after so many tiles of levels, until they need no more of those. */
const STOPS = [
  // A tile for each of three volumes in each of three levels.
  { what: "a level or between two", tile: [2, 6, 275], stops: [0, 2, 1, 4], tiles: 9 },
  // Two of the first level for each of three volumes, written with those of the full resolution.
  { what: "a level after the first", tile: [2, 6, 550], stops: [0, 2, 3], tiles: 6 },
] as const;

for (const { what, tile, stops, tiles } of STOPS) {
  Deno.test(`a job that stops in ${what} goes on with the tiles that are missing, to the same bytes`, async () => {
    await checkStops({ shape: [3, 2, 6, 1100], chunk: [1, 2, 6, 256], tile }, stops, tiles);
  });
}

async function checkStops(sample: PyramidSample, stops: readonly number[], tiles: number): Promise<void> {
  const { request } = await pyramidRequest(sample);
  const undisturbed = await pyramidRequest(sample);
  await runJob(undisturbed.request, pyramidJobs());
  const { url } = request.output;
  const written: string[] = [];
  const noting = (tasks: number) =>
    pyramidJobs((invoke) => async (task: LevelTask, signal) => {
      if (tasks-- <= 0) throw new ClearstackError("unwritable", "the disk is full");
      const report = await invoke(task, signal);
      written.push(`${task.level}/${task.tile.index}`);
      return report;
    });
  for (const tasks of stops) {
    await assertRejects(() => runJob(request, noting(tasks)), ClearstackError, "the disk is full");
    assertEquals(await openStore(url).get("zarr.json"), undefined, "an unfinished output looked finished");
  }
  const { tilesComputed } = await runJob(request, noting(Infinity));
  assertEquals(tilesComputed, 0);
  assertEquals([new Set(written).size, written.length], [tiles, tiles], "a finished tile was written again");
  const objects = async (place: string) => {
    const keys = (await keysBelow(place)).filter((key) => /^\d/.test(key));
    return await Promise.all(keys.map(async (key) => [key, await openStore(place).get(key)] as const));
  };
  assertEquals(await objects(url), await objects(undisturbed.request.output.url));
}

Deno.test("a tile of a level that fails in passing is written again, and the retry is told", async () => {
  // Of 55 voxels, no tile of the first level is made of one tile alone.
  const { request, values } = await pyramidRequest({ ...LONG, tile: [5, 21, 55] });
  let calls = 0;
  const retries: JobProgress["message"][] = [];
  const jobs = pyramidJobs((invoke) => (task, signal) => {
    if (++calls === 1) throw new ClearstackError("store-unavailable", "503");
    return invoke(task, signal);
  });
  await runJob(request, jobs, { onProgress: ({ type, message }) => type === "retry" && retries.push(message) });
  assertEquals(retries, ["level 1, tile 0 failed (attempt 1), trying again: 503"]);
  assertEquals(await readLevel(request.output.url, 1), levelsOf(values, LONG.shape, HALVES)[0]);
});

Deno.test("times and channels have levels of their own, and channels their own windows", async () => {
  const shape = [2, 3, 2, 6, 300];
  const { request, values } = await pyramidRequest({ shape, chunk: [1, 1, 2, 6, 300], tile: [2, 6, 300] });
  const { url } = request.output;
  await runJob(request, pyramidJobs());
  const voxels = 2 * 6 * 300;
  const level = await openImage({ url, path: "1" });
  assertEquals(level.info.shape, [2, 3, 1, 3, 150]);
  const means = Array.from({ length: 6 }, (_, volume) => {
    return levelsOf(values.subarray(volume * voxels, (volume + 1) * voxels), [2, 6, 300], [[2, 2, 2]])[0]!;
  });
  assertEquals(await readVolumes(level), Float32Array.from(means.flatMap((volume) => [...volume])));
  const { omero } = (await rootOf(url)).attributes.ome;
  for (const channel of [0, 1, 2]) {
    const ofChannel = [channel, channel + 3].flatMap((v) => [...values.subarray(v * voxels, (v + 1) * voxels)]);
    const { window } = omero.channels[channel];
    assertEquals([window.min, window.max], [Math.min(...ofChannel), Math.max(...ofChannel)]);
    assert(window.min < window.start && window.start < window.end && window.end < window.max);
  }
});

Deno.test("a 2-D image has levels without z, also in OME-Zarr 0.4", async () => {
  for (const version of ["0.5", "0.4"] as const) {
    const shape = [9, 515];
    const { request, values } = await pyramidRequest({
      shape,
      chunk: [9, 100],
      tile: [1, 9, 515],
      output: { version },
    });
    await runJob(request, pyramidJobs());
    const [first, second] = levelsOf(values, [1, 9, 515], [[1, 2, 2], [1, 2, 2]]);
    for (const [level, means] of [first, second].entries()) {
      const image = await openImage({ url: request.output.url, path: `${level + 1}`, axes: "yx" });
      assertEquals(await readWhole(image), means);
    }
  }
});

Deno.test("levels are stored in shards where the output is", async () => {
  const sample = { shape: [2, 64, 1024], chunk: [2, 64, 256], tile: [2, 64, 1024] } as const;
  const { request, values } = await pyramidRequest({ ...sample, output: { shards: [2, 64, 512] } });
  await runJob(request, pyramidJobs());
  const document = await openStore(request.output.url).get("1/zarr.json");
  assertEquals(/sharding_indexed/.test(new TextDecoder().decode(document)), true);
  const [first, second] = levelsOf(values, sample.shape, [[2, 2, 2], [1, 2, 2]]);
  assertEquals(await readLevel(request.output.url, 1), first);
  assertEquals(await readLevel(request.output.url, 2), second);
});

Deno.test("an image that fits a viewer has one level, and so has one whose request wants no more", async () => {
  const small = await pyramidRequest({ shape: [5, 21, 256], chunk: [5, 21, 256], tile: [5, 21, 256] });
  const unwanted = await pyramidRequest({ ...LONG, output: { pyramid: "none" } });
  for (const { request, values } of [small, unwanted]) {
    const { url } = request.output;
    await runJob(request, pyramidJobs());
    assertEquals((await keysBelow(url)).filter((key) => /^[1-9]/.test(key)), []);
    const { multiscales: [multiscale], omero } = (await rootOf(url)).attributes.ome;
    assertEquals([multiscale.datasets.length, multiscale.type], [1, "none"]);
    const { min, max } = omero.channels[0].window;
    assertEquals([min, max], [Math.min(...values.values()), Math.max(...values.values())]);
  }
});

Deno.test("an output with levels is a source like any other: its full resolution is deconvolved, or the level that is named, in its place", async () => {
  const { request, values } = await pyramidRequest(LONG);
  await runJob(request, pyramidJobs());
  const again = {
    ...request,
    source: { url: request.output.url },
    output: { ...request.output, url: `${request.output.url}2` },
  };
  await runJob(again, pyramidJobs());
  assertEquals(await readOutput(again.output.url), values);
  const level = {
    ...again,
    source: { ...again.source, path: "1" },
    output: { ...again.output, url: `${again.output.url}1` },
  };
  await runJob(level, pyramidJobs());
  assertEquals(await readOutput(level.output.url), levelsOf(values, LONG.shape, HALVES)[0]);
  const { scale, translation } = (await openImage({ url: level.output.url })).info;
  assertEquals([scale, translation], [[2, 2, 2], [0.5, 0.5, 0.5]]);
});
