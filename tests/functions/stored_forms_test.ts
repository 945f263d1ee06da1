/** Whole jobs into every form of output: what they compute does not depend on it, nor what they store on how often they stop. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { beginJob, runJob } from "functions/orchestrate/run/run_job.ts";
import { smallerTile } from "shared/engine/split_task.ts";
import { tileTasks } from "shared/engine/tile_tasks.ts";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { readVolumes } from "../fixtures/read_whole.ts";
import { identityJobs, keysBelow, readOutput, sampleRequest } from "./identity_jobs.ts";
import { identityKernels } from "./identity_kernels.ts";
import { patternedVoxels, writePsf, writeZarr } from "./sample_image.ts";
import { openImage, openStore } from "../stores.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";

/** The sample's 20 planes are not cut, so that chunks of 16 planes share a shard, which they do not fill. */
const TILING: JobRequest["tiling"] = { tile: [20, 16, 16], halo: [2, 4, 4] };
const FORMS = {
  "OME-Zarr 0.5": { version: "0.5", shards: "none" },
  "OME-Zarr 0.5 with shards": { version: "0.5", shards: [20, 16, 16] },
  "OME-Zarr 0.4": { version: "0.4", shards: "auto" },
} as const;

type Form = Partial<Pick<JobRequest["output"], "version" | "shards" | "ifExists">>;

function inForm(request: JobRequest, form: Form): JobRequest {
  return { ...request, tiling: TILING, output: { ...request.output, ...form } };
}

/** Digests of all stored voxels, by key. */
async function storedVoxels(url: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const key of (await keysBelow(url)).filter((key) => /^\d+\/(c\/)?[\d/]+$/.test(key))) {
    const bytes = (await openStore(url).get(key))! as Uint8Array<ArrayBuffer>;
    digests[key] = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  }
  return digests;
}

for (const [name, form] of Object.entries(FORMS)) {
  Deno.test(`a job into ${name} gives back the image, its seams read from it`, async () => {
    const { request, values } = await sampleRequest();
    const result = await runJob(inForm(request, form), identityJobs());
    assertEquals(await readOutput(request.output.url), values);
    assertEquals([result.tiles, result.seam?.largest], [9, 0]);
    const keys = await keysBelow(request.output.url);
    const v2 = keys.filter((key) => /(^|\/)\.z(group|array|attrs|metadata)$/.test(key));
    const v3 = keys.filter((key) => key.endsWith("zarr.json"));
    assert(form.version === "0.4" ? v3.length === 0 && v2.length > 0 : v2.length === 0 && v3.length > 0, `${keys}`);
  });

  Deno.test(`a job into ${name} that is stopped and continued stores the same bytes`, async () => {
    const { request } = await sampleRequest();
    const whole = inForm(request, form);
    await runJob(whole, identityJobs());
    const stopped = { ...whole, output: { ...whole.output, url: `${whole.output.url}-stopped` } };
    const failing = identityKernels((run) => {
      if (run > 4) throw new ClearstackError("corrupt-data", "stopped here");
    });
    await assertRejects(() => runJob(stopped, identityJobs(failing)), ClearstackError, "4 of 9 tiles are kept");
    const { tilesComputed } = await runJob(stopped, identityJobs());
    assertEquals(tilesComputed, 5);
    assertEquals(await storedVoxels(stopped.output.url), await storedVoxels(whole.output.url));
  });

  Deno.test(`a tile in pieces is stored in ${name} as one in a box`, async () => {
    const { request } = await sampleRequest();
    const jobs = identityJobs();
    const { plan, output } = await beginJob(inForm(request, form), jobs);
    const tasks = [
      ...tileTasks({ plan, request: inForm(request, form), run: output.run, backend: "cpu", done: new Set() }),
    ];
    const { tiles } = createTileComputer(identityKernels(), NO_ENVIRONMENT);
    const { signal } = new AbortController();
    for (const task of tasks) await tiles(task, signal);
    const inOne = await storedVoxels(request.output.url);
    for (const key of Object.keys(inOne)) await openStore(request.output.url).delete(key);
    for (const task of tasks) {
      // Two chunks along z are all that a tile can be cut along.
      const report = await tiles(smallerTile(plan, task)!, signal);
      assertEquals(report.pieces, 2);
    }
    assertEquals(await storedVoxels(request.output.url), inOne);
  });
}

Deno.test("an output that was begun in one form is not continued in another", async () => {
  const { request } = await sampleRequest();
  const jobs = identityJobs();
  await beginJob(inForm(request, FORMS["OME-Zarr 0.5"]), jobs);
  const before = await keysBelow(request.output.url);
  for (const form of [FORMS["OME-Zarr 0.4"], FORMS["OME-Zarr 0.5 with shards"]]) {
    const error = await assertRejects(
      () => runJob(inForm(request, { ...form, ifExists: "resume" }), jobs),
      ClearstackError,
      "unfinished output of another job",
    );
    assertEquals(error.kind, "conflict");
  }
  assertEquals(await keysBelow(request.output.url), before);
});

Deno.test("replacing an output by one of the other version leaves nothing of the first", async () => {
  const { request, values } = await sampleRequest();
  const jobs = identityJobs();
  await runJob(inForm(request, FORMS["OME-Zarr 0.4"]), jobs);
  await runJob(inForm(request, { ...FORMS["OME-Zarr 0.5 with shards"], ifExists: "overwrite" }), jobs);
  assertEquals((await keysBelow(request.output.url)).filter((key) => /\/?\.z[a-z]+$/.test(key)), []);
  await runJob(inForm(request, { ...FORMS["OME-Zarr 0.4"], ifExists: "overwrite" }), jobs);
  assertEquals((await keysBelow(request.output.url)).filter((key) => key.endsWith("zarr.json")), []);
  assertEquals(await readOutput(request.output.url), values);
});

Deno.test("a 2-D image, and each channel and time of a 5-D one, is stored in shards of its own", async () => {
  const { request } = await sampleRequest();
  const cases = [
    { shape: [40, 300], psf: [5, 5], shards: [1, 20, 300], tile: [1, 20, 300], halo: [0, 4, 4], objects: 2 },
    {
      shape: [2, 3, 20, 16, 16],
      psf: [3, 5, 5],
      shards: [20, 16, 16],
      tile: [20, 16, 16],
      halo: [2, 4, 4],
      objects: 6,
    },
  ] as const;
  for (const { shape, psf, shards, tile, halo, objects } of cases) {
    const name = `${request.output.url}-${shape.length}d`;
    const values = patternedVoxels(shape);
    await writeZarr(`${name}/image`, { shape, chunk: shape, values });
    await writePsf(`${name}/psf`, psf);
    await runJob({
      ...request,
      source: { url: `${name}/image` },
      psf: { url: `${name}/psf` },
      output: { ...request.output, url: `${name}/output`, shards },
      tiling: { tile, halo },
    }, identityJobs());
    const finest = (await keysBelow(`${name}/output`)).filter((key) => key.startsWith("0/c/"));
    assertEquals(finest.length, objects);
    assertEquals(await readVolumes(await openImage({ url: `${name}/output` })), Float32Array.from(values));
  }
});
