/** Which tiles of a job are done and under way, over HTTP. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { createApiApp } from "functions/api/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { runsOf, type TileMap } from "shared/contract/views/tile_map.ts";
import { ClearstackError } from "shared/errors.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { openStore } from "../../stores.ts";
import { identityJobs, sampleRequest } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";

Deno.test("runs of indices are as few as there can be, in order", () => {
  assertEquals(runsOf([7, 1, 2, 9, 0, 8]), [[0, 2], [7, 9]]);
  assertEquals(runsOf([]), []);
  assertEquals(runsOf([3, 3]), [[3, 3]]);
});

Deno.test("the tiles of a job are told while it runs, by its records and what is handed out, and once it has ended", async () => {
  const { promise: halfWay, resolve: reach } = Promise.withResolvers<void>();
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
  const kernels = identityKernels(async (run) => {
    if (run !== 6) return;
    reach();
    await goOn;
  });
  const deps = identityJobs(kernels);
  const jobs = await LocalJobRunner.start({ deps, store: openStore(memoryUrl()), log: () => {} });
  try {
    const app = createApiApp({ jobs, allowedUrls: "any", log: () => {} });
    const { request } = await sampleRequest();
    const { id } = await jobs.submit(request);
    const tiles = async (id: string) => await (await app.request(`/v1/jobs/${id}/tiles`)).json() as TileMap;
    await halfWay;
    while ((await jobs.get(id)).tilesDone < 5) await delay(1);
    const { done, underWay, ...arrangement } = await tiles(id);
    assertEquals(arrangement, { outerShape: [], grid: [2, 3, 3], tile: [10, 16, 16] });
    assertEquals(done.reduce((sum, [first, last]) => sum + last - first + 1, 0), 5);
    // One is on the device, another may be read meanwhile.
    assert(underWay.length === 1 || underWay.length === 2, `${underWay}`);
    for (const index of underWay) assert(!done.some(([first, last]) => first <= index && index <= last));
    release();
    const events = await Array.fromAsync(readEvents((await app.request(`/v1/jobs/${id}/events`)).body!));
    assert(events.some((event) => event.underWay?.includes(underWay[0]!)));
    assertEquals(events.at(-1)!.underWay ?? [], []);
    assertEquals(await tiles(id), { ...arrangement, done: [[0, 17]], underWay: [] });
    const missing = await app.request("/v1/jobs/none/tiles");
    assertEquals(missing.status, 404);
  } finally {
    release();
    await jobs.close();
  }
});

Deno.test("all tiles of a job are done that has made a TIFF, though their records are gone", async () => {
  const jobs = await LocalJobRunner.start({ deps: identityJobs(), store: openStore(memoryUrl()), log: () => {} });
  try {
    const { request } = await sampleRequest();
    const { id } = await jobs.submit({ ...request, output: { ...request.output, url: `${memoryUrl()}/out.tif` } });
    await Array.fromAsync(await jobs.events(id));
    assertEquals((await jobs.tiles(id)).done, [[0, 17]]);
    assertEquals((await jobs.tiles(id)).grid, [2, 3, 3]);
  } finally {
    await jobs.close();
  }
});

Deno.test("an output that somebody has filled with anything tells what it can, or that it tells nothing", async () => {
  const jobs = await LocalJobRunner.start({ deps: identityJobs(), store: openStore(memoryUrl()), log: () => {} });
  try {
    const { request } = await sampleRequest();
    const { id } = await jobs.submit(request);
    await Array.fromAsync(await jobs.events(id));
    const store = openStore(request.output.url);
    const [record] = (await Array.fromAsync(store.list(".clearstack/tiles/"))).sort();
    const folder = record!.replace(/[^/]*$/, "");
    for (let other = 0; other < 3000; other++) {
      await store.put(`${folder}${100_000_000 + other}.json`, new Uint8Array());
    }
    const { done } = await jobs.tiles(id);
    assert(done.every(([, last]) => last < 18), JSON.stringify(done));
    for (const text of ["{}", "[", `{"planHash":${"[".repeat(1e5)}`, "x".repeat(1e6)]) {
      await store.put(".clearstack/job.json", new TextEncoder().encode(text));
      const error = await assertRejects(() => jobs.tiles(id), ClearstackError);
      assertEquals(error.kind, "not-found", text.slice(0, 20));
    }
  } finally {
    await jobs.close();
  }
});
