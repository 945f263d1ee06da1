/** Dry runs, idempotency keys, pages and the end of event streams, over HTTP. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { createOrchestrateApp } from "functions/orchestrate/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { JobListSchema } from "shared/contract/job_list.ts";
import { JobStatusSchema } from "shared/contract/job_status.ts";
import { PlanSchema } from "shared/contract/plan.ts";
import { httpJobRunner } from "shared/engine/http_job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { identityJobs, keysBelow, sampleRequest } from "../identity_jobs.ts";
import { slowSource } from "../slow_source.ts";
import { openStore } from "../../stores.ts";

let stores = 0;

/** The endpoint, with its runner behind another endpoint as it is when they are served apart. */
async function startApp() {
  const store = openStore(`memory:job-control-${++stores}`);
  const control = { price: { perGpuSecond: 0.5, currency: "EUR" } };
  const runner = await LocalJobRunner.start({ deps: identityJobs(), store, control, log: () => {} });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    createOrchestrateApp({ jobs: runner }).fetch,
  );
  const jobs = httpJobRunner(`http://127.0.0.1:${server.addr.port}`);
  const app = createApiApp({
    jobs,
    allowedUrls: "any",
    log: () => {},
  });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    app.request(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
      ...(signal ? { signal } : {}),
    });
  return {
    ...{ app, jobs, post, store },
    [Symbol.asyncDispose]: async () => {
      await runner.close();
      await server.shutdown();
    },
  };
}

Deno.test("a plan is answered with its estimate, and leaves nothing anywhere", async () => {
  await using service = await startApp();
  const { request } = await sampleRequest();
  const response = await service.post("/v1/plans", request);
  assertEquals([response.status, response.headers.get("location")], [200, null]);
  const { tiles, estimate } = PlanSchema.parse(await response.json());
  assertEquals([tiles, estimate?.basis, estimate?.cost?.currency], [18, "default", "EUR"]);
  assertEquals(estimate!.cost!.amount, estimate!.kernelSeconds * 0.5);
  assertEquals(await keysBelow(request.output.url), []);
  assertEquals(await Array.fromAsync(service.store.list("")), ["driver.json"]);
  const refused = await service.post("/v1/plans", { ...request, memoryBytes: 1000 });
  assertEquals([refused.status, (await refused.json()).type], [422, "urn:clearstack:problem:over-budget"]);
  // Whoever asks for a job that is not to start must not start one.
  const asked = await service.post("/v1/jobs?dryRun=true", request);
  assertEquals([asked.status, (await asked.json()).detail.includes("/v1/plans")], [400, true]);
  assertEquals(await keysBelow(request.output.url), []);
});

Deno.test("planning ends in whichever process it is when its caller hangs up", async () => {
  for (const path of ["/v1/jobs", "/v1/plans"]) {
    await using slow = slowSource();
    await using service = await startApp();
    const { request } = await sampleRequest();
    const hangUp = new AbortController();
    const answer = service.post(path, { ...request, source: { url: slow.url } }, {}, hangUp.signal);
    await slow.asked;
    hangUp.abort();
    await slow.left;
    await (await answer).body?.cancel();
    assertEquals(await Array.fromAsync(service.store.list("")), ["driver.json"]);
  }
});

Deno.test("quotas reach the process that plans", async () => {
  await using service = await startApp();
  const { request } = await sampleRequest();
  const error = await assertRejects(() => service.jobs.submit(request, { quotas: { tiles: 17 } }), ClearstackError);
  assertEquals(error.kind, "over-quota");
});

Deno.test("a submission that is sent again with its key is the same job; the key with another body is a conflict", async () => {
  await using service = await startApp();
  const { request } = await sampleRequest();
  const headers = { "idempotency-key": "päckchen 7" };
  const answers = [await service.post("/v1/jobs", request, headers), await service.post("/v1/jobs", request, headers)];
  assertEquals(answers.map(({ status }) => status), [202, 202]);
  assertEquals(answers[0]!.headers.get("location"), answers[1]!.headers.get("location"));
  for (const answer of answers) await answer.body?.cancel();
  const other = await service.post("/v1/jobs", { ...request, seamCheck: 0 }, headers);
  assertEquals([other.status, (await other.json()).detail.includes("use a new key")], [409, true]);
  assertEquals((await (await service.app.request("/v1/jobs")).json()).jobs.length, 1);
});

Deno.test("pages follow each other by their cursors, and hold what the filters say", async () => {
  await using service = await startApp();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    const { id } = await (await service.post("/v1/jobs", (await sampleRequest()).request)).json();
    ids.unshift(id);
    await (await service.app.request(`/v1/jobs/${id}/events`)).text();
  }
  const list = async (query: string) =>
    JobListSchema.parse(await (await service.app.request(`/v1/jobs?${query}`)).json());
  const seen: string[][] = [];
  for (let next: string | undefined = ""; next !== undefined;) {
    const page: Awaited<ReturnType<typeof list>> = await list(`limit=2${next && `&cursor=${next}`}`);
    seen.push(page.jobs.map(({ id }) => id));
    next = page.next;
  }
  assertEquals(seen, [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
  assertEquals((await list("state=failed")).jobs, []);
  assertEquals((await list("state=running")).jobs, []);
  assertEquals((await list("state=done")).jobs.length, 5);
  const { created, request } = (await list("limit=1")).jobs[0]!;
  assertEquals((await list(`createdAfter=${created}`)).jobs, []);
  assertEquals((await list(`createdBefore=${created}`)).jobs.map(({ id }) => id), ids.slice(1));
  assertEquals(
    (await list(`output=${encodeURIComponent(request.output.url)}`)).jobs.map(({ id }) => id),
    ids.slice(0, 1),
  );
  for (const bad of ["state=gone", "createdAfter=yesterday", "color=red"]) {
    assertEquals((await service.app.request(`/v1/jobs?${bad}`)).status, 400, bad);
  }
});

Deno.test("a reader that has seen the end of a job is told that there is no more", async () => {
  await using service = await startApp();
  const { id } = await (await service.post("/v1/jobs", (await sampleRequest()).request)).json();
  const events = await Array.fromAsync(readEvents((await service.app.request(`/v1/jobs/${id}/events`)).body!));
  const { sequence, status } = events.at(-1)!;
  const again = (after: number) =>
    service.app.request(`/v1/jobs/${id}/events`, { headers: { "last-event-id": String(after) } });
  assertEquals((await again(sequence)).status, 204);
  assertEquals(await Array.fromAsync(readEvents((await again(sequence - 1)).body!)), events.slice(-1));
  assertEquals(JobStatusSchema.parse(status).sequence, sequence);
  assert(status.deviceSeconds > 0);
  assertEquals(status.cost, { amount: status.deviceSeconds * 0.5, currency: "EUR" });
});
