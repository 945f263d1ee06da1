import { assert, assertEquals, assertRejects } from "@std/assert";
import type { JobProgress } from "functions/orchestrate/run/job_run.ts";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { RUNTIME_BYTES } from "shared/plan/host_memory.ts";
import { identityJobs, keysBelow, readOutput, recordedTiles, sampleRequest } from "../../identity_jobs.ts";
import { identityKernels } from "../../identity_kernels.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";
import { openStore } from "../../../stores.ts";

/** Tiles of the sample. */
const TILES = 18;

const resuming = (request: JobRequest): JobRequest => ({
  ...request,
  output: { ...request.output, ifExists: "resume" },
});

Deno.test("kernels that change nothing give back the image, tile by tile, without a seam", async () => {
  const { request, values } = await sampleRequest();
  const jobs = identityJobs();
  const result = await runJob(request, jobs);
  assertEquals(await readOutput(request.output.url), values);
  assertEquals([result.tiles, result.tilesComputed, result.voxels], [TILES, TILES, values.length]);
  assert(result.bytesRead > 0 && result.bytesWritten > 0 && result.kernelSeconds > 0);
});

for (const boundary of ["periodic", "nearest", "constant", "non-circulant"] as const) {
  Deno.test(`what stands outside the image (${boundary}) never reaches the output`, async () => {
    const { request, values } = await sampleRequest();
    const jobs = identityJobs();
    await runJob({ ...request, algorithm: { ...request.algorithm, boundary } }, jobs);
    assertEquals(await readOutput(request.output.url), values);
    assertEquals(
      jobs.kernels.runs.every(({ observed }) => (observed !== undefined) === (boundary === "non-circulant")),
      true,
    );
  });
}

Deno.test("a 2-D image is deconvolved plane by plane", async () => {
  const { request } = await sampleRequest();
  const shape = [40, 36];
  const values = patternedVoxels(shape);
  await writeZarr(request.source.url + "2d", { shape, chunk: [16, 16], values });
  await writePsf(request.psf.url + "2d", [5, 5]);
  const flat: JobRequest = {
    ...request,
    source: { url: request.source.url + "2d" },
    psf: { url: request.psf.url + "2d" },
    tiling: { tile: [1, 16, 16], halo: [0, 4, 4] },
  };
  const { tiles } = await runJob(flat, identityJobs());
  assertEquals([await readOutput(request.output.url), tiles], [Float32Array.from(values), 9]);
});

Deno.test("every channel and time point of a five-dimensional image is deconvolved", async () => {
  const { request } = await sampleRequest();
  const shape = [2, 3, 8, 16, 16];
  const values = patternedVoxels(shape);
  await writeZarr(request.source.url + "5d", { shape, chunk: [1, 2, 8, 16, 16], values });
  const five = { ...request, source: { url: request.source.url + "5d" } };
  const { tiles, voxels } = await runJob({ ...five, tiling: { tile: [8, 16, 16], halo: [2, 4, 4] } }, identityJobs());
  assertEquals([tiles, voxels], [6, values.length]);
  assertEquals(await readOutput(request.output.url), Float32Array.from(values.subarray(0, 8 * 16 * 16)));
});

Deno.test("one deconvolver is open and one box is computed at a time", async () => {
  const { request } = await sampleRequest();
  const jobs = identityJobs();
  await runJob(request, jobs);
  assertEquals([jobs.kernels.open(), jobs.kernels.mostRunning()], [1, 1]);
});

Deno.test("progress counts every tile once and estimates the time left", async () => {
  const { request } = await sampleRequest();
  const progress: JobProgress[] = [];
  await runJob(request, identityJobs(), { onProgress: (news) => progress.push(news) });
  const tiles = progress.filter(({ type }) => type === "tile");
  assertEquals(tiles.map(({ tilesDone }) => tilesDone), Array.from({ length: TILES }, (_, i) => i + 1));
  assertEquals(new Set(tiles.map(({ tile }) => tile!.index)).size, TILES);
  assert(tiles.every(({ etaSeconds }) => etaSeconds! >= 0));
  assertEquals(tiles.at(-1)!.etaSeconds, 0);
});

Deno.test("a tile that fails in passing is tried again and the retry is told", async () => {
  const { request, values } = await sampleRequest();
  const kernels = identityKernels((run) => {
    if (run === 3) throw new ClearstackError("device-lost", "the device was lost");
  });
  const retries: JobProgress[] = [];
  await runJob(request, identityJobs(kernels), { onProgress: (news) => news.type === "retry" && retries.push(news) });
  assertEquals(await readOutput(request.output.url), values);
  assertEquals(retries.length, 1);
  assert(retries[0]!.message!.includes("the device was lost"));
  assertEquals(kernels.open(), 1, "the lost device was not closed");
});

Deno.test("a job that fails before its first tile leaves nothing behind", async () => {
  const { request } = await sampleRequest();
  const kernels = identityKernels(() => {
    throw new ClearstackError("corrupt-data", "NaN in the image");
  });
  const error = await assertRejects(() => runJob(request, identityJobs(kernels)), ClearstackError, "NaN in the image");
  assertEquals([error.kind, await keysBelow(request.output.url)], ["corrupt-data", []]);
});

Deno.test("damaged data are reported with the place of their tile", async () => {
  const { request } = await sampleRequest();
  const kernels = identityKernels(() => {
    throw new ClearstackError("corrupt-data", "NaN in the image");
  });
  await assertRejects(() => runJob(request, identityJobs(kernels)), ClearstackError, "z,y,x 0,");
});

Deno.test("a job that fails later keeps its tiles and says how many", async () => {
  const { request } = await sampleRequest();
  const kernels = identityKernels((run) => {
    if (run > 5) throw new ClearstackError("corrupt-data", "NaN in the image");
  });
  const error = await assertRejects(() => runJob(request, identityJobs(kernels)), ClearstackError);
  assert(/^in the tile .*NaN in the image; 5 of 18 tiles are kept in [^:]*:[^:]*$/.test(error.message), error.message);
  assertEquals((await recordedTiles(request.output.url)).length, 5);
});

Deno.test("a job that may succeed later says to run it again; one that meets the same fault again does not", async () => {
  for (const [kind, again] of [["internal", true], ["unwritable", true], ["unsupported", false]] as const) {
    const { request } = await sampleRequest();
    const kernels = identityKernels((run) => {
      if (run > 5) throw new ClearstackError(kind, "no more");
    });
    const error = await assertRejects(() => runJob(request, identityJobs(kernels)), ClearstackError);
    assertEquals([error.kind, error.message.includes("run the same job again")], [kind, again], error.message);
  }
});

Deno.test("a second run computes only the missing tiles and ends in the bytes of an undisturbed one", async () => {
  const { request, values } = await sampleRequest();
  const kernels = identityKernels((run) => {
    if (run > 7) throw new ClearstackError("corrupt-data", "NaN in the image");
  });
  await assertRejects(() => runJob(request, identityJobs(kernels)), ClearstackError);
  const done = await recordedTiles(request.output.url);
  const computed: number[] = [];
  const jobs = identityJobs(identityKernels(), (invoke) => (task, signal) => {
    computed.push(task.tile.index);
    return invoke(task, signal);
  });
  const result = await runJob(request, jobs);
  assertEquals([...done, ...computed].toSorted((a, b) => a - b), Array.from({ length: TILES }, (_, i) => i));
  assertEquals([result.tiles, result.tilesComputed], [TILES, TILES - done.length]);
  assertEquals(await readOutput(request.output.url), values);
});

Deno.test("an unfinished output is continued with its own tile when memory would now choose another", async () => {
  const { request } = await sampleRequest();
  const automatic: JobRequest = { ...request, tiling: { tile: "auto", halo: [2, 4, 4] } };
  const withMemory = (hostBytes: number, failFrom = Infinity) => {
    const kernels = identityKernels((run) => {
      if (run >= failFrom) throw new ClearstackError("corrupt-data", "NaN in the image");
    });
    const jobs = identityJobs(kernels);
    return { ...jobs, device: async () => ({ ...await jobs.device("cpu"), hostBytes }) };
  };
  // Room for small tiles only.
  const small = RUNTIME_BYTES + 1000 * 2 ** 10;
  await assertRejects(() => runJob(automatic, withMemory(small, 3)), ClearstackError, "2 of");
  const { tiles, tilesComputed } = await runJob(automatic, withMemory(2 ** 30));
  assertEquals(tilesComputed, tiles - 2);
});

Deno.test("a finished output is refused, accepted with resume, and replaced with overwrite", async () => {
  const { request, values } = await sampleRequest();
  await runJob(request, identityJobs());
  const again = await assertRejects(() => runJob(request, identityJobs()), ClearstackError, "--overwrite");
  assertEquals(again.kind, "conflict");
  const accepted = await runJob(resuming(request), identityJobs());
  assertEquals([accepted.tiles, accepted.tilesComputed], [TILES, 0]);
  const overwrite: JobRequest = { ...request, output: { ...request.output, ifExists: "overwrite" } };
  assertEquals((await runJob(overwrite, identityJobs())).tilesComputed, TILES);
  assertEquals(await readOutput(request.output.url), values);
});

Deno.test("cancelling stops the job, keeps what is finished, and the job can be continued", async () => {
  const { request, values } = await sampleRequest();
  const stop = new AbortController();
  const kernels = identityKernels((run) => run === 5 && stop.abort());
  const run = runJob(request, identityJobs(kernels), { signal: stop.signal });
  const error = await assertRejects(() => run, ClearstackError, "tiles are kept");
  assertEquals(error.kind, "cancelled");
  await runJob(request, identityJobs());
  assertEquals(await readOutput(request.output.url), values);
});

Deno.test("a source that changes under a running job is noticed", async () => {
  const { request } = await sampleRequest();
  const jobs = identityJobs(identityKernels(), (invoke) => async (task, signal) => {
    const store = openStore(request.source.url);
    const metadata = new TextDecoder().decode(await store.get("zarr.json"));
    await store.put("zarr.json", new TextEncoder().encode(metadata.replace(`"attributes":{}`, `"attributes":{"a":1}`)));
    return await invoke(task, signal);
  });
  const error = await assertRejects(() => runJob(request, jobs), ClearstackError, "changed");
  assertEquals(error.kind, "conflict");
});

Deno.test("a PSF that changes under a running job is noticed", async () => {
  const { request } = await sampleRequest();
  const jobs = identityJobs(identityKernels(), (invoke) => async (task, signal) => {
    await writePsf(request.psf.url, [3, 3, 3]);
    return await invoke(task, signal);
  });
  const error = await assertRejects(() => runJob(request, jobs), ClearstackError, "/psf changed");
  assertEquals(error.kind, "conflict");
});
