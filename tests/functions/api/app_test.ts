import { assert, assertEquals } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import type { AllowedUrls } from "functions/api/url_policy.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { JobStatusSchema } from "shared/contract/job_status.ts";
import { PlanSchema } from "shared/contract/plan.ts";
import { ProblemSchema } from "shared/contract/problem.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { identityJobs, keysBelow, readOutput, sampleRequest } from "../identity_jobs.ts";
import { openStore } from "../../stores.ts";

let stores = 0;

async function startApp(allowedUrls: AllowedUrls = "any") {
  const store = openStore(`memory:api-${++stores}`);
  const jobs = await LocalJobRunner.start({ deps: identityJobs(), store, log: () => {} });
  const app = createApiApp({ jobs, allowedUrls, log: () => {} });
  const post = (path: string, body: unknown, type = "application/json") =>
    app.request(path, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": type },
    });
  return { app, post, jobs };
}

async function problemOf(response: Response) {
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  const problem = ProblemSchema.parse(await response.json());
  assertEquals(problem.status, response.status);
  return problem;
}

Deno.test("a job is accepted with its location, followed by its events, and found done", async () => {
  const { app, post, jobs } = await startApp();
  const { request, values } = await sampleRequest();
  const accepted = await post("/v1/jobs", request);
  assertEquals(accepted.status, 202);
  const { id } = JobStatusSchema.parse(await accepted.json());
  assertEquals(accepted.headers.get("location"), `/v1/jobs/${id}`);

  const events = await app.request(`/v1/jobs/${id}/events`);
  assertEquals(events.headers.get("content-type"), "text/event-stream");
  const received = await Array.fromAsync(readEvents(events.body!));
  assertEquals(received.at(-1)!.status.state, "done");

  const status = JobStatusSchema.parse(await (await app.request(`/v1/jobs/${id}`)).json());
  assertEquals([status.state, status.tilesDone], ["done", status.tiles]);
  assertEquals(await readOutput(request.output.url), values);
  const list = await (await app.request("/v1/jobs")).json();
  assertEquals(list.jobs, [status]);
  await jobs.close();
});

Deno.test("a problem says the setting and its value, the need and the limit, the array, in fields", async () => {
  const { post, jobs } = await startApp();
  const { request } = await sampleRequest();
  const ask = async (changes: Record<string, unknown>) =>
    await problemOf(await post("/v1/plans", { ...request, ...changes }));
  const invalid = await ask({ algorithm: { iterations: 0 } });
  assertEquals([invalid.path, invalid.value], ["algorithm.iterations", 0]);
  const large = await ask({ memoryBytes: 1000 });
  assertEquals([large.limit, large.need! > 1000], [1000, true]);
  const missing = await ask({ source: { url: "memory:not-there" } });
  assertEquals([missing.status, missing.path], [404, "memory:not-there"]);
  await jobs.close();
});

Deno.test("a reader that sends Last-Event-ID goes on where it was", async () => {
  const { app, post, jobs } = await startApp();
  const { id } = await (await post("/v1/jobs", (await sampleRequest()).request)).json();
  const all = await Array.fromAsync(readEvents((await app.request(`/v1/jobs/${id}/events`)).body!));
  const headers = { "last-event-id": String(all.at(-3)!.sequence) };
  const rest = await app.request(`/v1/jobs/${id}/events`, { headers });
  assertEquals(await Array.fromAsync(readEvents(rest.body!)), all.slice(-2));
  await jobs.close();
});

Deno.test("deleting a job cancels it, and deleting it again is the same", async () => {
  const { app, post, jobs } = await startApp();
  const { id } = await (await post("/v1/jobs", (await sampleRequest()).request)).json();
  const first = await app.request(`/v1/jobs/${id}`, { method: "DELETE" });
  const status = JobStatusSchema.parse(await first.json());
  assertEquals([first.status, status.state], [200, "cancelled"]);
  const second = await app.request(`/v1/jobs/${id}`, { method: "DELETE" });
  assertEquals([second.status, await second.json()], [200, status]);
  await jobs.close();
});

Deno.test("a plan is told without anything being written", async () => {
  const { post, jobs } = await startApp();
  const { request } = await sampleRequest();
  const response = await post("/v1/plans", request);
  assertEquals(response.status, 200);
  assertEquals(PlanSchema.parse(await response.json()).tiles, 18);
  assertEquals(await keysBelow(request.output.url), []);
  await jobs.close();
});

type Change = (request: Record<string, unknown>) => unknown;

const BAD_BODIES: readonly (readonly [what: string, change: Change, status: number, words: string])[] = [
  ["no iterations", (r) => ({ ...r, algorithm: { iterations: 0 } }), 400, "algorithm.iterations"],
  ["negative iterations", (r) => ({ ...r, algorithm: { iterations: -3 } }), 400, "algorithm.iterations"],
  ["half an iteration", (r) => ({ ...r, algorithm: { iterations: 1.5 } }), 400, "whole number"],
  ["iterations in words", (r) => ({ ...r, algorithm: { iterations: "many" } }), 400, "algorithm.iterations"],
  ["an unknown boundary", (r) => ({ ...r, algorithm: { boundary: "mirror" } }), 400, "algorithm.boundary"],
  ["an unknown backend", (r) => ({ ...r, backend: "cuda" }), 400, "backend"],
  ["a tile of two sides", (r) => ({ ...r, tiling: { tile: [8, 8] } }), 400, "tiling.tile"],
  ["a tile without width", (r) => ({ ...r, tiling: { tile: [8, 8, 0] } }), 400, "tiling.tile.2"],
  ["a negative halo", (r) => ({ ...r, tiling: { halo: [-1, 8, 8] } }), 400, "tiling.halo.0"],
  ["a field that nobody knows", (r) => ({ ...r, iteratoins: 3 }), 400, "iteratoins"],
  ["no source", (r) => ({ ...r, source: undefined }), 400, "source"],
  ["an empty URL", (r) => ({ ...r, source: { url: "" } }), 400, "source.url"],
  ["axes out of order", (r) => ({ ...r, source: { url: "memory:x", axes: "xyz" } }), 400, "tczyx"],
  ["an unknown scheme", (r) => ({ ...r, source: { url: "gopher://x/y" } }), 400, "gopher"],
  ["a source that is not there", (r) => ({ ...r, source: { url: "memory:nothing" } }), 404, "memory:nothing"],
  ["a budget that is too small", (r) => ({ ...r, memoryBytes: 1000 }), 422, "at least"],
  ["a list", () => [], 400, "expected object"],
];

for (const [what, change, status, words] of BAD_BODIES) {
  Deno.test(`a request with ${what} is answered by a problem of status ${status}, and nothing is written`, async () => {
    const { post, jobs } = await startApp();
    const { request } = await sampleRequest();
    for (const path of ["/v1/jobs", "/v1/plans"]) {
      const response = await post(path, change(request));
      const problem = await problemOf(response);
      assertEquals(problem.status, status, problem.detail);
      assert(problem.detail.includes(words), problem.detail);
      assert(!problem.detail.includes("\n"), problem.detail);
    }
    assertEquals(await keysBelow(request.output.url), []);
    await jobs.close();
  });
}

Deno.test("a body that is not JSON, of another type, or too large is refused as such", async () => {
  const { post, app, jobs } = await startApp();
  assertEquals((await problemOf(await post("/v1/jobs", "{"))).status, 400);
  assertEquals((await problemOf(await post("/v1/jobs", "{}", "text/plain"))).status, 415);
  assertEquals((await problemOf(await app.request("/v1/jobs", { method: "POST" }))).status, 415);
  assertEquals((await problemOf(await post("/v1/jobs", `"${"x".repeat(2 ** 20)}"`))).status, 413);
  await jobs.close();
});

Deno.test("what is not there is 404, and a method that is not taken 405 with those that are", async () => {
  const { app, jobs } = await startApp();
  for (const path of ["/nothing", "/v1", "/v1/jobs/", "/v1/jobs/none-00000000", "/v1/jobs/none-00000000/events"]) {
    assertEquals((await problemOf(await app.request(path))).status, 404, path);
  }
  for (const url of ["https://h/a%zz", "memory:a%zz", "s3://b/%ff", "a%zz\nhttps://h"]) {
    const { status } = await problemOf(
      await app.request("/v1/plans", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ source: { url }, psf: { url }, output: { url } }),
      }),
    );
    assertEquals(status < 500, true, `${url}: ${status}`);
  }
  for (const id of ["a%zz", "%ff", "a%00b", "a%2Fb", "..", "x".repeat(65)]) {
    for (const [path, method] of [["", "GET"], ["", "DELETE"], ["/events", "GET"]] as const) {
      const { status } = await problemOf(await app.request(`/v1/jobs/${id}${path}`, { method }));
      assertEquals(status === 400 || (id === ".." && status < 500), true, `${method} ${id}${path}: ${status}`);
    }
  }
  for (
    const [method, path, allow] of [
      ["PUT", "/v1/jobs", "GET, HEAD, POST"],
      ["POST", "/v1/jobs/a-00000000", "GET, HEAD, DELETE"],
      ["GET", "/v1/plans", "POST"],
      ["DELETE", "/healthz", "GET, HEAD"],
      ["OPTIONS", "/v1/jobs", "GET, HEAD, POST"],
    ] as const
  ) {
    const response = await app.request(path, { method });
    assertEquals([response.status, response.headers.get("allow")], [405, allow]);
    await problemOf(response);
  }
  await jobs.close();
});

Deno.test("locations outside of what is allowed are refused before they are touched", async () => {
  const { request } = await sampleRequest();
  const base = request.output.url.replace("/output", "");
  const { post, jobs } = await startApp([base]);
  assertEquals((await post("/v1/plans", request)).status, 200);
  for (const key of ["source", "psf", "output"]) {
    const problem = await problemOf(await post("/v1/jobs", { ...request, [key]: { url: "/etc/passwd" } }));
    assertEquals(problem.status, 403);
    assert(problem.detail.includes("/etc/passwd"));
  }
  await jobs.close();
});

Deno.test("a defect is answered without a word of it, under an id that the log has too", async () => {
  const lines: string[] = [];
  const jobs = { list: () => Promise.reject(new TypeError("secret")) } as unknown as JobRunner;
  const app = createApiApp({ jobs, allowedUrls: "any", log: (line) => lines.push(line) });
  const response = await app.request("/v1/jobs");
  const problem = await problemOf(response);
  assertEquals(problem.status, 500);
  assert(!JSON.stringify(problem).includes("secret"));
  assert(lines[0]!.includes("secret") && lines[0]!.includes(response.headers.get("x-request-id")!));
});

Deno.test("a limit that is malformed is refused", async () => {
  const { app, jobs } = await startApp();
  for (const limit of ["0", "x", "1001", "1.5"]) {
    assertEquals((await problemOf(await app.request(`/v1/jobs?limit=${limit}`))).status, 400);
  }
  await jobs.close();
});

Deno.test("every answer carries security headers and a request id", async () => {
  const { app, jobs } = await startApp();
  for (const path of ["/", "/healthz", "/nothing"]) {
    const { headers } = await app.request(path);
    assertEquals(headers.get("x-content-type-options"), "nosniff", path);
    assert(headers.get("x-request-id"), path);
  }
  await jobs.close();
});

Deno.test("the service is alive, ready until it closes, and tells what it offers", async () => {
  const { app, jobs } = await startApp();
  assertEquals([(await app.request("/healthz")).status, (await app.request("/readyz")).status], [200, 200]);
  assert((await (await app.request("/")).text()).includes("POST   /v1/jobs"));
  await jobs.close();
  assertEquals([(await app.request("/healthz")).status, (await app.request("/readyz")).status], [200, 503]);
});
