import { assertEquals, assertRejects } from "@std/assert";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { openConfiguredEvents, openEvents } from "functions/api/events/open_events.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import type { JobRunner, SubmitOptions } from "shared/engine/job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import { checkQuotas } from "shared/plan/check_quotas.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openStore } from "../../../stores.ts";

const RULES = JSON.stringify({
  sources: { s3: { secretSha256: ["0".repeat(64)] } },
  rules: [{ bucket: "uploads", key: "**", when: "tiff", job: { psf: "/psf.tif", output: "/results/{key}.zarr" } }],
});

/** A runner that keeps with what options jobs were submitted. */
function runner() {
  const submitted: SubmitOptions[] = [];
  const submit = (_: unknown, options: SubmitOptions) => {
    submitted.push(options);
    return Promise.resolve({ id: "1" });
  };
  return { submitted, jobs: { submit } as unknown as JobRunner };
}

const settings = (values: Record<string, string>) => (name: string) => values[name];

Deno.test("without rules no events are taken", async () => {
  const { jobs } = runner();
  assertEquals(
    await openConfiguredEvents(settings({}), { jobs, allowedUrls: "any", environment: NO_ENVIRONMENT }),
    undefined,
  );
});

Deno.test("rules without an inbox are refused: a process that ends would lose what it accepted", async () => {
  const { jobs } = runner();
  const open = () =>
    openConfiguredEvents(settings({ CLEARSTACK_EVENT_RULES: RULES }), {
      jobs,
      allowedUrls: "any",
      environment: NO_ENVIRONMENT,
    });
  const error = await assertRejects(open, ClearstackError, "CLEARSTACK_EVENT_INBOX");
  assertEquals(error.kind, "invalid-request");
});

Deno.test("a process begins with what the one before had accepted, under the same owner and key", async () => {
  const inbox = memoryUrl();
  const entry = {
    key: "a".repeat(64),
    upload: { provider: "s3", bucket: "uploads", key: "a.tif", version: "1", id: "1" },
    ...{ owner: "anna", quotas: {}, rule: "rule 1", received: "2026-01-05T09:30:00.000Z" },
    request: JobRequestSchema.parse({
      source: { url: "/a.tif" },
      psf: { url: "/psf.tif" },
      output: { url: "/a.zarr" },
    }),
  };
  await openStore(inbox).put(`events/waiting/${entry.key}.json`, new TextEncoder().encode(JSON.stringify(entry)));
  const { jobs, submitted } = runner();
  const events = await openEvents({
    rules: RULES,
    store: openStore(inbox),
    jobs,
    allowedUrls: "any",
    environment: NO_ENVIRONMENT,
  });
  await events.inbox.idle();
  assertEquals(submitted, [{ owner: "anna", idempotencyKey: entry.key, keepFailure: true }]);
});

Deno.test("a job beyond the quota of its rule is not submitted, and kept with the reason", async () => {
  const inbox = memoryUrl();
  const { jobs, submitted } = runner();
  const submit: JobRunner["submit"] = async (request, options = {}) => {
    checkQuotas({ voxels: 1001, tiles: 1, bytesRead: 1, bytesWritten: 1 }, options.quotas ?? {});
    return await jobs.submit(request, options);
  };
  const events = await openEvents({
    ...{ rules: RULES, store: openStore(inbox), allowedUrls: "any", environment: NO_ENVIRONMENT, log: () => {} },
    jobs: { ...jobs, submit },
  });
  const upload = { provider: "s3", bucket: "uploads", key: "a.tif", version: "1", id: "1" } as const;
  const entry = { ...events.configuration.rules.job(upload)!, upload, received: "2026-01-05T09:30:00.000Z" };
  await events.inbox.accept({ ...entry, key: "a".repeat(64), quotas: { voxels: 1000 } });
  await events.inbox.accept({ ...entry, key: "b".repeat(64), quotas: { voxels: 1001 } });
  await events.inbox.idle();
  assertEquals(submitted.map(({ idempotencyKey }) => idempotencyKey), ["b".repeat(64)]);
  assertEquals(await Array.fromAsync(openStore(inbox).list("")), [`events/failed/${"a".repeat(64)}.json`]);
});
