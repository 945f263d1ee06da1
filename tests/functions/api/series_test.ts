/** `series: "all"` over HTTP: one submission, and a job for each image of its source. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { openEvents } from "functions/api/events/open_events.ts";
import { QuotaGate } from "functions/api/quota_gate.ts";
import { createOrchestrateApp } from "functions/orchestrate/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { JobListSchema } from "shared/contract/job_list.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { PlanListSchema } from "shared/contract/plan.ts";
import { httpJobRunner } from "shared/engine/http_job_runner.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { openStore } from "../../stores.ts";
import { identityKernels } from "../identity_kernels.ts";
import { identityJobs, keysBelow, readOutput } from "../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";

const SHAPE = [4, 12, 10];
const VALUES = patternedVoxels(SHAPE);
const ROOT = new TextEncoder().encode(JSON.stringify({ zarr_format: 3, node_type: "group", attributes: {} }));

/** A group of images in memory; the one called `empty` has no stored chunk. */
async function sampleSeries(...names: string[]) {
  const url = memoryUrl();
  await openStore(`${url}/raw`).put("zarr.json", ROOT);
  for (const name of names) {
    await writeZarr(`${url}/raw/${name}`, { shape: SHAPE, chunk: SHAPE, values: VALUES });
    if (name === "empty") await openStore(`${url}/raw/${name}`).deleteAll("c/");
  }
  await writePsf(`${url}/psf`);
  return JobRequestSchema.parse({
    source: { url: `${url}/raw`, series: "all" },
    psf: { url: `${url}/psf` },
    output: { url: `${url}/sharp` },
    backend: "cpu",
  });
}

/** The endpoint, with its runner behind another endpoint as it is when they are served apart. */
async function startApp(beforeTile?: () => Promise<void>) {
  const deps = identityJobs(beforeTile === undefined ? identityKernels() : identityKernels(beforeTile));
  const runner = await LocalJobRunner.start({ deps, store: openStore(memoryUrl()), log: () => {} });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    createOrchestrateApp({ jobs: runner }).fetch,
  );
  const jobs = httpJobRunner(`http://127.0.0.1:${server.addr.port}`);
  const app = createApiApp({ jobs, allowedUrls: "any", log: () => {} });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  return {
    ...{ app, jobs, post },
    [Symbol.asyncDispose]: async () => {
      await runner.close();
      await server.shutdown();
    },
  };
}

/** Waits for the jobs of a list that is asked for anew. */
async function ended(ask: () => Promise<Response>) {
  for (;;) {
    const { jobs } = JobListSchema.parse(await (await ask()).json());
    if (jobs.every(hasEnded)) return jobs;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("one submission starts a job for each image, its location lists them, and a key makes it once", async () => {
  await using service = await startApp();
  const request = await sampleSeries("a", "b", "c");
  const accepted = await service.post("/v1/jobs", request, { "idempotency-key": "plate 7" });
  assertEquals(accepted.status, 202);
  const { jobs: started } = JobListSchema.parse(await accepted.json());
  assertEquals(started.map((job) => [job.request.source.path, job.request.source.series]), [
    ["a", undefined],
    ["b", undefined],
    ["c", undefined],
  ]);
  const done = await ended(async () => await service.app.request(accepted.headers.get("location")!));
  assertEquals(done.map(({ id, state }) => [id, state]).sort(), started.map(({ id }) => [id, "done"]).sort());
  for (const name of ["a", "b", "c"]) {
    assertEquals(await readOutput(`${request.output.url}/${name}.zarr`), Float32Array.from(VALUES));
  }
  const again = await service.post("/v1/jobs", request, { "idempotency-key": "plate 7" });
  assertEquals((await again.json()).jobs.map(({ id }: { id: string }) => id), started.map(({ id }) => id));
  const other = { ...request, output: { ...request.output, url: `${request.output.url}-2` } };
  assertEquals((await service.post("/v1/jobs", other, { "idempotency-key": "plate 7" })).status, 409);
});

Deno.test("what is wrong with the first image refuses all; one that is refused later is a failed job among the others", async () => {
  await using service = await startApp();
  const bad = await sampleSeries("empty", "z");
  const refused = await service.post("/v1/jobs", bad);
  assertEquals([refused.status, refused.headers.get("content-type")], [422, "application/problem+json"]);
  assertEquals((await service.jobs.list({ limit: 100 })).jobs, []);
  const accepted = await service.post("/v1/jobs", await sampleSeries("a", "empty", "z"));
  assertEquals(accepted.status, 202);
  const jobs = await ended(async () => await service.app.request(accepted.headers.get("location")!));
  const states = Object.fromEntries(jobs.map(({ request, state }) => [request.source.path, state]));
  assertEquals(states, { a: "done", empty: "failed", z: "done" });
});

Deno.test("a plan of a series is one of each image, and the error of one names it", async () => {
  await using service = await startApp();
  const request = await sampleSeries("a", "b");
  const answer = await service.post("/v1/plans", request);
  const { plans } = PlanListSchema.parse(await answer.json());
  const single = await service.post("/v1/plans", { ...request, source: { url: request.source.url, path: "b" } });
  assertEquals([answer.status, plans.map(({ source }) => source.path)], [200, ["a", "b"]]);
  assertEquals(plans[1], await single.json());
  const refused = await service.post("/v1/plans", await sampleSeries("a", "empty"));
  const { detail } = await refused.json();
  assertEquals([refused.status, detail.startsWith("image empty: ")], [422, true], detail);
  const gate = new QuotaGate(service.jobs);
  const ada = { id: "ada", roles: ["submit" as const], quotas: { voxels: 479 } };
  const error = await assertRejects(() => gate.planSeries(request, ada), ClearstackError, "image a: voxels");
  assertEquals([error.kind, error.need, error.limit], ["over-quota", 480, 479]);
});

Deno.test("a TIFF as the folder and a source without images are refused with the way", async () => {
  await using service = await startApp();
  const request = await sampleSeries("a", "b");
  const detail = async (path: string, body: unknown) => {
    const response = await service.post(path, body);
    return `${response.status} ${(await response.json()).detail}`;
  };
  const tiff = { ...request, output: { ...request.output, url: `${request.output.url}.tif` } };
  for (const path of ["/v1/jobs", "/v1/plans"]) assert((await detail(path, tiff)).includes("leave out its ending"));
  assert((await detail("/v1/jobs", await sampleSeries())).startsWith("404 "));
  assertEquals(await keysBelow(request.output.url), []);
});

Deno.test("all jobs of a submission count for the quota of jobs at once, and none starts where not all may", async () => {
  await using service = await startApp();
  const gate = new QuotaGate(service.jobs);
  const ada = (liveJobs: number) => ({ id: "ada", roles: ["submit" as const], quotas: { liveJobs } });
  const request = await sampleSeries("a", "b", "c");
  const submit = (liveJobs: number) => gate.submitSeries(request, ada(liveJobs), { owner: "ada" });
  const never = await assertRejects(() => submit(2), ClearstackError, "makes 3 jobs");
  assertEquals([never.kind, never.need, never.limit], ["over-quota", 3, 2]);
  assertEquals((await service.jobs.list({ limit: 100 })).jobs, []);
  assertEquals((await submit(3)).length, 3);
});

Deno.test("what is submitted again under its key counts each of its live jobs once", async () => {
  const tiles = Promise.withResolvers<void>();
  await using service = await startApp(() => tiles.promise);
  const gate = new QuotaGate(service.jobs);
  const ada = { id: "ada", roles: ["submit" as const], quotas: { liveJobs: 3 } };
  const request = await sampleSeries("a", "b", "c");
  const submit = () => gate.submitSeries(request, ada, { owner: "ada", idempotencyKey: "k" });
  const ids = (await submit()).map(({ id }) => id);
  assertEquals((await submit()).map(({ id }) => id), ids);
  // As a job of its own is.
  const one = {
    ...request,
    source: { url: `${request.source.url}/a` },
    output: { ...request.output, url: memoryUrl() },
  };
  const small = { id: "bob", roles: ["submit" as const], quotas: { liveJobs: 1 } };
  const again = () => gate.submit(one, small, { owner: "bob", idempotencyKey: "k" });
  assertEquals((await again()).id, (await again()).id);
  const other = { ...one, output: { ...one.output, url: memoryUrl() } };
  const refused = await assertRejects(() => gate.submit(other, small, { owner: "bob" }), ClearstackError);
  assertEquals([refused.kind, refused.need, refused.limit], ["too-many", 2, 1]);
  tiles.resolve();
});

Deno.test("a submission that is cut off says how many jobs there are, and goes on with the rest under the same key", async () => {
  await using service = await startApp();
  const request = await sampleSeries("a", "b", "c");
  let submissions = 0;
  const away = new ClearstackError("store-unavailable", "the store is away");
  const submit: typeof service.jobs.submit = (...given) =>
    ++submissions === 3 ? Promise.reject(away) : service.jobs.submit(...given);
  const gate = new QuotaGate({ ...service.jobs, submit });
  const ada = { id: "ada", roles: ["submit" as const] };
  const send = (options: { idempotencyKey?: string }) => gate.submitSeries(request, ada, { owner: "ada", ...options });
  const error = await assertRejects(() => send({ idempotencyKey: "k" }), ClearstackError);
  assertEquals(
    [error.kind, error.message],
    ["store-unavailable", "the store is away (2 of 3 jobs were started before: send the same again for the rest)"],
  );
  const before = (await service.jobs.list({ limit: 100 })).jobs.map(({ id }) => id).sort();
  const ids = (await send({ idempotencyKey: "k" })).map(({ id }) => id);
  assertEquals([before.length, ids.length, before.every((id) => ids.includes(id))], [2, 3, true]);
});

Deno.test("an image whose place another job writes to keeps none of the others from being submitted", async () => {
  const tiles = Promise.withResolvers<void>();
  await using service = await startApp(() => tiles.promise);
  const request = await sampleSeries("a", "b", "c", "d");
  const { series: _, ...source } = request.source;
  const other = { ...request, source: { ...source, path: "b" }, output: { url: `${request.output.url}/b.zarr` } };
  assertEquals((await service.post("/v1/jobs", other)).status, 202);
  const refused = await service.post("/v1/jobs", request, { "idempotency-key": "k" });
  const { type, detail } = await refused.json();
  assertEquals([refused.status, type], [409, "urn:clearstack:problem:in-use"]);
  assert(detail.includes("b.zarr: wait or cancel it (3 of 4 jobs were started before: send the same again"), detail);
  assertEquals((await service.jobs.list({ limit: 9 })).jobs.length, 4);
  tiles.resolve();
});

Deno.test("an upload of several images starts a job for each, in turns where the rule's quota is smaller", async () => {
  await using service = await startApp();
  const request = await sampleSeries("a", "b", "c", "d");
  const rules = {
    sources: { s3: { secretSha256: ["0".repeat(64)] } },
    rules: [{
      ...{ bucket: "raw", key: "**", when: "tiff" },
      job: { source: { series: "all" }, psf: "/psf.tif", output: "/results/{stem}" },
    }],
  };
  const log: string[] = [];
  const { inbox } = await openEvents({
    ...{ rules: JSON.stringify(rules), store: openStore(memoryUrl()), jobs: service.jobs },
    ...{ allowedUrls: "any", environment: NO_ENVIRONMENT, log: (line) => log.push(line) },
  });
  const upload = { provider: "s3", bucket: "raw", key: "a.tif", version: "1", id: "1" } as const;
  const entry = { upload, request, rule: "rule 1", owner: "events", received: new Date().toISOString() };
  await inbox.accept({ ...entry, key: "a".repeat(64), quotas: { liveJobs: 1 } });
  await inbox.idle();
  const { jobs } = await service.jobs.list({ limit: 100 });
  assertEquals(jobs.map(({ request: { source } }) => source.path).sort(), ["a", "b", "c", "d"], log.join("\n"));
  // Nobody waits for the answer, so what has no image is a failed job.
  const nothing = await sampleSeries();
  await inbox.accept({ ...entry, request: nothing, key: "b".repeat(64), quotas: {} });
  await inbox.idle();
  const [failed] = (await service.jobs.list({ limit: 100, state: "failed" })).jobs;
  assertEquals([failed!.request.source.series, failed!.error!.kind], ["all", "not-found"], log.join("\n"));
  const many = await sampleSeries();
  const write = (key: string, ome: unknown) =>
    openStore(many.source.url).put(
      key,
      new TextEncoder().encode(JSON.stringify({ zarr_format: 3, node_type: "group", attributes: { ome } })),
    );
  await write("zarr.json", { "bioformats2raw.layout": 3 });
  await write("OME/zarr.json", { series: Array.from({ length: 1001 }, (_, index) => `${index}`) });
  await inbox.accept({ ...entry, request: many, key: "c".repeat(64), quotas: {} });
  await inbox.idle();
  const [over] = (await service.jobs.list({ limit: 100, state: "failed" })).jobs;
  const words = "the source has 1001 images, and one request is for 1000 at most: name a part of it by source.path";
  assertEquals([over!.error!.kind, over!.error!.message], ["over-budget", words]);
  inbox.close();
});
