/** A store in which many jobs wait: what a process reads of them when it starts, and when another is submitted. */
import { assert, assertEquals } from "@std/assert";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { newJobId } from "functions/orchestrate/jobs/job_id.ts";
import { JobStore } from "functions/orchestrate/jobs/job_store.ts";
import type { Store } from "shared/storage/store.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openStore } from "../../../stores.ts";
import { identityJobs, sampleRequest } from "../../identity_jobs.ts";
import { identityKernels } from "../../identity_kernels.ts";

const JOBS = 100;

/** Reads of a store by the beginnings of their keys, each of which takes a moment. */
function counting(store: Store) {
  const reads: string[] = [];
  let [underWay, most] = [0, 0];
  const counted = <Found>(read: (key: string) => Promise<Found>) => async (key: string) => {
    reads.push(key);
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return await read(key).finally(() => underWay--);
  };
  const watched: Store = {
    ...store,
    get: counted((key) => store.get(key)),
    getTagged: counted((key) => store.getTagged(key)),
  };
  const of = (prefix: string) => reads.filter((key) => key.startsWith(prefix)).length;
  return { watched, of, most: () => most };
}

Deno.test("what waits is read some at a time, once when a process starts and once when jobs are submitted", async () => {
  const raw = openStore(memoryUrl());
  const store = new JobStore(raw);
  const { request } = await sampleRequest();
  const at = Date.now();
  for (let i = 0; i < JOBS; i++) {
    const id = newJobId(new Date(at - i * 1000));
    const created = new Date(at - i * 1000).toISOString();
    const output = memoryUrl();
    await store.create({
      status: {
        ...{ id, state: "queued", created, updated: created, request, sequence: 1, deviceSeconds: 0 },
        ...{ tiles: 1, tilesDone: 0, tilesResumed: 0 },
      },
      request,
      begun: false,
    });
    await store.markLive(id, output);
  }
  const { watched, of, most } = counting(raw);
  const held = identityKernels((_, { signal }) =>
    new Promise<void>((resolve) => signal!.addEventListener("abort", () => resolve()))
  );
  const runner = await LocalJobRunner.start({ deps: identityJobs(held), store: watched, log: () => {} });
  // The one that is begun is read once more, so that nobody else has begun it.
  assert(of("jobs/") <= JOBS + 1, `${of("jobs/")} records read`);
  assert(most() > 1 && most() <= 32, `${most()} at once`);
  for (let i = 0; i < 3; i++) await runner.submit((await sampleRequest()).request);
  assertEquals(of("live/"), JOBS);
  await runner.close();
});
