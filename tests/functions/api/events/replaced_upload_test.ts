/** An object that is replaced while the job of its first version runs. */
import { assertEquals } from "@std/assert";
import { openEvents } from "functions/api/events/open_events.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openStore } from "../../../stores.ts";
import { identityJobs, sampleRequest } from "../../identity_jobs.ts";
import { identityKernels } from "../../identity_kernels.ts";

const RULES = JSON.stringify({
  sources: { s3: { secretSha256: ["0".repeat(64)] } },
  rules: [{ bucket: "raw", key: "**", when: "tiff", job: { psf: "/psf.tif", output: "/results/{stem}.zarr" } }],
});

Deno.test("the job of a version that comes while the one before is computed begins once that has ended", async () => {
  const tiles = Promise.withResolvers<void>();
  const deps = identityJobs(identityKernels(() => tiles.promise));
  const jobs = await LocalJobRunner.start({ deps, store: openStore(memoryUrl()), log: () => {} });
  const log: string[] = [];
  const { inbox } = await openEvents({
    ...{ rules: RULES, store: openStore(memoryUrl()), jobs, allowedUrls: "any", environment: NO_ENVIRONMENT },
    log: (line) => {
      log.push(line);
      // The second version has met the first.
      tiles.resolve();
    },
  });
  const { request: sample } = await sampleRequest();
  const request = JobRequestSchema.parse({ ...sample, output: { ...sample.output, ifExists: "overwrite" } });
  for (const digit of ["1", "2"]) {
    const upload = { provider: "s3", bucket: "raw", key: "a.tif", version: digit, id: digit } as const;
    const entry = { upload, request, rule: "rule 1", owner: "events", received: new Date().toISOString(), quotas: {} };
    await inbox.accept({ ...entry, key: digit.repeat(64) });
  }
  await inbox.idle();
  const { jobs: made } = await jobs.list({ limit: 10 });
  for (const { id } of made) await Array.fromAsync(await jobs.events(id));
  const ended = await Promise.all(made.map(({ id }) => jobs.get(id)));
  assertEquals(ended.map(({ state, error }) => [state, error]), [["done", undefined], ["done", undefined]]);
  assertEquals(log.every((line) => line.includes("another job is writing to")), true, log.join("\n"));
  inbox.close();
  await jobs.close();
});
