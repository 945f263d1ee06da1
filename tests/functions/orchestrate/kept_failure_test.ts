import { assertEquals, assertRejects } from "@std/assert";
import { createOrchestrateApp } from "functions/orchestrate/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { httpJobRunner } from "shared/engine/http_job_runner.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { identityJobs, sampleRequest } from "../identity_jobs.ts";
import { writePsf } from "../sample_image.ts";
import { openStore } from "../../stores.ts";

const OPTIONS = { owner: "events", idempotencyKey: "upload", keepFailure: true };

/** The state that a job ends in. */
async function outcome(jobs: JobRunner, id: string): Promise<string> {
  for (let waited = 0; waited < 300; waited++) {
    const status = await jobs.get(id);
    if (hasEnded(status)) return status.state;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the job does not end within 15 s");
}

async function withRunners(test: (jobs: JobRunner) => Promise<void>) {
  const local = await LocalJobRunner.start({ deps: identityJobs(), store: openStore(memoryUrl()), log: () => {} });
  const { fetch } = createOrchestrateApp({ jobs: local, log: () => {} });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => fetch(request));
  try {
    await test(local);
    await test(httpJobRunner(`http://127.0.0.1:${server.addr.port}`));
  } finally {
    await server.shutdown();
    await local.close();
  }
}

Deno.test("a request that is refused becomes a failed job, and its key may be used again once it is mended", async () => {
  await withRunners(async (jobs) => {
    const { request } = await sampleRequest();
    const psf = memoryUrl();
    const wanting = { ...request, psf: { url: psf } };
    const key = { ...OPTIONS, idempotencyKey: psf };
    const failed = await jobs.submit(wanting, key);
    assertEquals([failed.state, failed.owner, failed.error?.kind], ["failed", "events", "not-found"]);
    assertEquals(await jobs.get(failed.id), failed);
    const listed = await jobs.list({ limit: 1, state: "failed", owner: "events" });
    assertEquals(listed.jobs.map(({ id }) => id), [failed.id]);
    await writePsf(psf);
    const mended = await jobs.submit(wanting, key);
    assertEquals(await outcome(jobs, mended.id), "done");
    assertEquals((await jobs.submit(wanting, key)).id, mended.id);
  });
});

Deno.test("whoever waits for the answer is told what was refused, and no job is made", async () => {
  await withRunners(async (jobs) => {
    const { request } = await sampleRequest();
    const { jobs: before } = await jobs.list({ limit: 100 });
    const wanting = { ...request, psf: { url: memoryUrl() } };
    const error = await assertRejects(() => jobs.submit(wanting, { owner: "events" }), ClearstackError);
    assertEquals(error.kind, "not-found");
    assertEquals((await jobs.list({ limit: 100 })).jobs, before);
  });
});

Deno.test("what may succeed later is no failed job", async () => {
  const deps = {
    ...identityJobs(),
    device: () => Promise.reject(new ClearstackError("store-unavailable", "not now")),
  };
  const jobs = await LocalJobRunner.start({ deps, store: openStore(memoryUrl()), log: () => {} });
  const { request } = await sampleRequest();
  const error = await assertRejects(() => jobs.submit(request, OPTIONS), ClearstackError);
  assertEquals([error.kind, (await jobs.list({ limit: 1 })).jobs], ["store-unavailable", []]);
  await jobs.close();
});
