/** Views of what jobs make, decisions before the first tile, and events. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import * as zarr from "zarrita";
import { registerCodecs } from "shared/codec/codecs.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import { identityJobs, keysBelow, readOutput, sampleRequest } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { openStore } from "../../stores.ts";
import { bodyOf, sampleView, startViews, type ViewService } from "./view_service.ts";

registerCodecs();

async function readAll(root: string): Promise<Float32Array> {
  const group = zarr.root(new zarr.FetchStore(root));
  return (await zarr.get(await zarr.open.v3(group.resolve("0"), { kind: "array" }))).data as Float32Array;
}

async function ended(service: ViewService, id: string) {
  for (;;) {
    const status = await service.jobs.get(id);
    if (hasEnded(status)) return status;
    await delay(2);
  }
}

for (const shards of ["none", [10, 16, 36]] as const) {
  Deno.test(`a view of a finished job with shards ${shards} computes nothing, and leaves the output alone`, async () => {
    const kernels = identityKernels();
    await using service = await startViews({ deps: identityJobs(kernels) });
    const { request } = await sampleRequest();
    const tiling = shards === "none" ? request.tiling : { ...request.tiling, tile: [10, 16, 36] as const };
    const { id } = await service.jobs.submit({ ...request, tiling, output: { ...request.output, shards } });
    assertEquals((await ended(service, id)).error, undefined);
    const [runs, keys] = [kernels.runs.length, await keysBelow(request.output.url)];
    const view = await service.views.create({ job: id });
    assertEquals(view.job, id);
    assertEquals(view.plan.shard, undefined);
    assertEquals(await readAll(service.rootOf(view)), await readOutput(request.output.url));
    assertEquals(kernels.runs.length, runs);
    assertEquals(await keysBelow(request.output.url), keys);
  });
}

Deno.test("a view of a finished job that made a TIFF computes nothing, before the TIFF is looked at and after", async () => {
  const kernels = identityKernels();
  await using service = await startViews({ deps: identityJobs(kernels) });
  const { request, values } = await sampleRequest();
  const output = { ...request.output, url: `${request.output.url}-tiff/out.tif` };
  const algorithm = { ...request.algorithm, background: "auto" as const };
  const { id } = await service.jobs.submit({ ...request, algorithm, output });
  assertEquals((await ended(service, id)).error, undefined);
  const runs = kernels.runs.length;
  const view = await service.views.create({ job: id });
  assert(view.plan.decisions!.background! >= 0);
  assertEquals(await readAll(service.rootOf(view)), values);
  assertEquals(kernels.runs.length, runs);
  assertEquals(await keysBelow(output.url.replace(/\/out.tif$/, "")), ["out.tif"]);
  // Once the file is another, its voxels are not those of the job.
  const other = await service.views.create({ job: id });
  await openStore(output.url.replace(/\/out.tif$/, "")).put("out.tif", new Uint8Array(100));
  assertEquals(await readAll(service.rootOf(other)), values);
  assertEquals(kernels.runs.length - runs, 18);
});

Deno.test("a view of a job that stopped half way shows its tiles, and computes the rest for itself", async () => {
  const kernels = identityKernels((run) => {
    if (run === 6) throw new ClearstackError("unsupported", "enough");
  });
  await using service = await startViews({ deps: identityJobs(kernels) });
  const { request, values } = await sampleRequest();
  const { id } = await service.jobs.submit(request);
  assertEquals((await ended(service, id)).tilesDone, 5);
  const [runs, keys] = [kernels.runs.length, await keysBelow(request.output.url)];
  const view = await service.views.create({ job: id });
  // One after the other along the shortest ways through z, on which nothing is computed ahead.
  for (const at of [0, 1, 2].flatMap((y) => [0, 1, 2].map((x) => `${y}/${x}`))) {
    for (const z of [0, 1]) await bodyOf(await fetch(`${service.rootOf(view)}/0/c/${z}/${at}`));
  }
  assertEquals(kernels.runs.length - runs, 18 - 5);
  assertEquals(await readAll(service.rootOf(view)), values);
  assertEquals(await keysBelow(request.output.url), keys);
});

Deno.test("what holds for the whole image is decided before the first chunk, once, as for a job", async () => {
  await using service = await startViews();
  const { request, values } = await sampleView();
  const view = await service.views.create({ ...request, algorithm: { ...request.algorithm, background: "auto" } });
  assertEquals(view.plan.decisions, undefined);
  const root = service.rootOf(view);
  const metadata = await bodyOf(await fetch(`${root}/zarr.json`));
  assertEquals(await readAll(root), values);
  const { plan } = await service.views.get(view.id);
  assertEquals(plan.decisions!.iterations, 20);
  assert(plan.decisions!.background! >= 0);
  // Viewers have read them by then.
  assertEquals(await bodyOf(await fetch(`${root}/zarr.json`)), metadata);
});

Deno.test("events tell of each tile that is there, then of each that is finished, and end with the view", async () => {
  await using service = await startViews();
  const { request } = await sampleView();
  const view = await service.views.create(request);
  const root = service.rootOf(view);
  await bodyOf(await fetch(`${root}/0/c/0/0/0`));
  const response = await fetch(`${service.url}${view.urls.events}`);
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  await bodyOf(await fetch(`${root}/0/c/1/2/2`));
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    // With the view, its events end, so that a service can end while somebody follows.
    if (text.match(/^event: tile$/gm)?.length === 2) await service.views.remove(view.id).catch(() => {});
  }
  const told = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!));
  assert(told.some(({ type, underWay }) => type === "under-way" && underWay.join() === "17"), text);
  const events = told.filter(({ type }) => type === "tile");
  assertEquals(events.map(({ index, origin, shape, tilesDone }) => ({ index, origin, shape, tilesDone })), [
    { index: 0, origin: [0, 0, 0], shape: [10, 16, 16], tilesDone: 1 },
    { index: 17, origin: [10, 32, 32], shape: [10, 8, 4], tilesDone: 2 },
  ]);
});
