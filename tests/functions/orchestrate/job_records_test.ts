/** What is kept of jobs, how long, and who can read it. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { readJobControl } from "functions/orchestrate/jobs/job_control.ts";
import { dayOf, jobTime, newJobId } from "functions/orchestrate/jobs/job_id.ts";
import type { JobRecord } from "functions/orchestrate/jobs/job_record.ts";
import { JobStore } from "functions/orchestrate/jobs/job_store.ts";
import { listJobs } from "functions/orchestrate/jobs/list_jobs.ts";
import type { Log } from "shared/telemetry/log.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { Throughput } from "functions/orchestrate/plan/throughput.ts";
import { removeExpired } from "functions/orchestrate/jobs/retention.ts";
import { SubmissionKeys } from "functions/orchestrate/jobs/submission_keys.ts";
import { AlgorithmSchema } from "shared/contract/algorithm.ts";
import type { Decisions } from "shared/contract/decisions.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import { identityJobs, keysBelow, sampleRequest } from "../identity_jobs.ts";
import { openStore } from "../../stores.ts";

let stores = 0;
const freshStore = () => openStore(`memory:job-records-${++stores}`);

const request = JobRequestSchema.parse({
  source: { url: "memory:a" },
  psf: { url: "memory:p" },
  output: { url: "memory:o" },
});

function recordOf(time: number, change: Partial<JobStatus> = {}): JobRecord {
  const at = new Date(time).toISOString();
  const counts = { sequence: 1, deviceSeconds: 0, tiles: 1, tilesDone: 1, tilesResumed: 0 };
  const status: JobStatus = {
    ...{ id: newJobId(new Date(time)), state: "done", created: at, updated: at, request, ...counts },
    ...change,
  };
  return { status, request, begun: true };
}

/** Counts how often records are read. */
function counting(store: Store) {
  let reads = 0;
  const counted: Store = { ...store, getTagged: (key, options) => (reads++, store.getTagged(key, options)) };
  return { store: counted, reads: () => reads };
}

const DAY = 86_400_000;
const NOW = Date.parse("2026-03-10T12:00:00Z");

Deno.test("ids sort by the time they were made, and nothing else is an id", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: NOW }), fc.integer({ min: 1, max: 1e12 }), (time, later) => {
    const [a, b] = [newJobId(new Date(time)), newJobId(new Date(time + later))];
    assert(a < b);
    assertEquals([jobTime(a), dayOf(jobTime(b)!)], [time, new Date(time + later).toISOString().slice(0, 10)]);
  }));
  for (
    const id of ["", ".", "../x", "a-00000000", "zzzzzzzzzzzz-00000000", "MWS57HVH-295ac684", "mws57hvh-295ac684/x"]
  ) {
    assertEquals(jobTime(id), undefined, id);
  }
});

Deno.test("pages of any length and filter hold every job once, newest first", async () => {
  const owners = ["ada", "bob", undefined];
  const states = ["done", "failed", "cancelled"] as const;
  const jobs = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 * DAY }), fc.nat(2), fc.nat(2)), { maxLength: 25 });
  const query = fc.record({ owner: fc.constantFrom(...owners), state: fc.constantFrom(...states, undefined) });
  const window = fc.tuple(
    fc.option(fc.integer({ min: 0, max: 3 * DAY })),
    fc.option(fc.integer({ min: 0, max: 3 * DAY })),
  );
  await fc.assert(
    fc.asyncProperty(
      jobs,
      query,
      window,
      fc.integer({ min: 1, max: 7 }),
      async (made, { owner, state }, [from, to], limit) => {
        const store = new JobStore(freshStore());
        const all: JobStatus[] = [];
        for (const [age, who, how] of made) {
          const name = owners[who];
          const record = recordOf(NOW - age, { state: states[how]!, ...(name === undefined ? {} : { owner: name }) });
          await store.create(record);
          all.push(record.status);
        }
        const iso = (age: number) => new Date(NOW - age).toISOString();
        const wanted = {
          ...(owner === undefined ? {} : { owner }),
          ...(state === undefined ? {} : { state }),
          ...(from === null ? {} : { createdAfter: iso(from) }),
          ...(to === null ? {} : { createdBefore: iso(to) }),
        };
        const expected = all.filter((one) =>
          (owner === undefined || one.owner === owner) && (state === undefined || one.state === state) &&
          (from === null || one.created > iso(from)) && (to === null || one.created < iso(to))
        ).map(({ id }) => id).sort().reverse();
        const seen: string[] = [];
        for (let cursor: string | undefined, more = true; more;) {
          const page = await listJobs(store, { ...wanted, limit, ...(cursor ? { cursor } : {}) }, () => undefined);
          assert(page.jobs.length <= limit);
          seen.push(...page.jobs.map(({ id }) => id));
          cursor = page.next;
          more = cursor !== undefined;
        }
        assertEquals(seen, expected);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("a page of 10,000 jobs reads no more records than it shows, and a rare owner is found by the owner's own list", async () => {
  const { store: counted, reads } = counting(freshStore());
  const store = new JobStore(counted);
  for (let i = 0; i < 10_000; i++) {
    await store.create(recordOf(NOW - i * 4 * 60_000, i === 9_000 ? { owner: "rare" } : {}));
  }
  const first = await listJobs(store, { limit: 50 }, () => undefined);
  assertEquals([first.jobs.length, reads()], [50, 50]);
  const second = await listJobs(store, { limit: 50, cursor: first.next! }, () => undefined);
  assertEquals([second.jobs.length, second.jobs[0]!.id < first.next!, reads()], [50, true, 100]);
  const rare = await listJobs(store, { limit: 50, owner: "rare" }, () => undefined);
  assertEquals([rare.jobs.length, rare.next, reads()], [1, undefined, 101]);
  const running = await listJobs(store, { limit: 50, state: "running" }, () => undefined);
  assertEquals([running.jobs, reads()], [[], 101]);
  // Of an owner among many jobs that live, only the owner's are read.
  const live = recordOf(NOW, { state: "running", owner: "rare" });
  await store.create(live);
  for (const id of [live.status.id, ...first.jobs.map(({ id }) => id)]) await store.markLive(id, "memory:o");
  const own = await listJobs(store, { limit: 50, state: "running", owner: "rare" }, () => undefined);
  assertEquals([own.jobs, own.next, reads()], [[live.status], undefined, 102]);
});

Deno.test("records of jobs that ended long ago are removed with all that belongs to them; others and outputs stay", async () => {
  const raw = freshStore();
  const [store, keys] = [new JobStore(raw), new SubmissionKeys(raw)];
  const key = await keys.claim({ key: "k", owner: "ada", request, id: newJobId(new Date(NOW)) });
  const old = { ...recordOf(NOW - 40 * DAY, { owner: "ada" }), submission: key.name };
  const running = recordOf(NOW - 40 * DAY, { state: "running" });
  const slow = recordOf(NOW - 40 * DAY, { updated: new Date(NOW - DAY).toISOString() });
  const untold = { ...recordOf(NOW - 40 * DAY), webhook: "pending" as const };
  const recent = recordOf(NOW - 20 * DAY);
  for (const record of [old, running, slow, untold, recent]) await store.create(record);
  assertEquals(await removeExpired(store, keys, NOW - 30 * DAY), 1);
  const left = (await Array.fromAsync(store.ids())).sort();
  assertEquals(left, [running, slow, untold, recent].map(({ status }) => status.id).sort());
  assertEquals([await keys.isTaken(key.name), await Array.fromAsync(raw.list("owners/"))], [false, []]);
});

Deno.test("a record that cannot be read is told of once, and hides no other job", async () => {
  const raw = freshStore();
  const [store, lines] = [new JobStore(raw), [] as string[]];
  const good = recordOf(NOW);
  const { id } = recordOf(NOW).status;
  await store.create(good);
  await store.markLive(id, "memory:o");
  await raw.put(`jobs/${dayOf(NOW)}/${id}.json`, new TextEncoder().encode('{"status":'));
  const log: Log = (line, { level = "error" } = {}) => void (level === "error" && lines.push(line));
  const runner = await LocalJobRunner.start({ deps: identityJobs(), store: raw, deadAfterMs: 40, log });
  assertEquals((await runner.list({ limit: 9 })).jobs, [good.status]);
  const error = await assertRejects(() => runner.get(id), ClearstackError, "cannot be read");
  assertEquals(error.kind, "corrupt-data");
  const { request: sample } = await sampleRequest();
  const submitted = await runner.submit(sample);
  assertEquals((await Array.fromAsync(await runner.events(submitted.id))).at(-1)!.status.state, "done");
  await new Promise((resolve) => setTimeout(resolve, 100));
  await runner.close();
  const mend = `remove jobs/${dayOf(NOW)}/${id}.json to forget the job`;
  assertEquals(lines, [`the stored record of job ${id} cannot be read: ${mend}`]);
});

Deno.test("a job whose record cannot be read keeps its output until the record is removed, as the message says", async () => {
  const raw = freshStore();
  const store = new JobStore(raw);
  const { id } = recordOf(NOW).status;
  const { request: sample } = await sampleRequest();
  await store.markLive(id, await openStore(sample.output.url).place());
  const key = `jobs/${dayOf(NOW)}/${id}.json`;
  await raw.put(key, new TextEncoder().encode('{"status":'));
  const runner = await LocalJobRunner.start({ deps: identityJobs(), store: raw, log: () => {} });
  await assertRejects(() => runner.submit(sample), ClearstackError, `remove ${key}`);
  await raw.delete(key);
  await runner.submit(sample);
  await runner.close();
});

Deno.test("a damaged mark of a job keeps no other out, and a damaged key is told of with what to do", async () => {
  const raw = freshStore();
  const { id } = recordOf(NOW).status;
  await raw.put(`live/${id}.json`, new TextEncoder().encode('{"out'));
  const runner = await LocalJobRunner.start({ deps: identityJobs(), store: raw, log: () => {} });
  const { request: sample } = await sampleRequest();
  await runner.submit(sample, { idempotencyKey: "k" });
  const [key] = await Array.fromAsync(raw.list("keys/"));
  for (const damaged of ['{"id', "", "{}"]) {
    await raw.put(key!, new TextEncoder().encode(damaged));
    const error = await assertRejects(() => runner.submit(sample, { idempotencyKey: "k" }), ClearstackError, "new key");
    assertEquals(error.kind, "corrupt-data");
  }
  await runner.close();
});

Deno.test("a runner with a retention removes old records and never an output", async () => {
  const raw = freshStore();
  const { request: sample } = await sampleRequest();
  await openStore(sample.output.url).put("precious", new Uint8Array(1));
  const old = recordOf(Date.now() - 2 * DAY, { request: sample });
  await new JobStore(raw).create(old);
  const runner = await LocalJobRunner.start({
    deps: identityJobs(),
    store: raw,
    control: { retentionMs: DAY },
  });
  while ((await runner.list({ limit: 1 })).jobs.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(await keysBelow(sample.output.url), ["precious"]);
  await runner.close();
});

const KEY = new Uint8Array(32).fill(7).toBase64();
const OTHER_KEY = new Uint8Array(32).fill(8).toBase64();

Deno.test("with a key, no secret of a request is in the store, and the job starts again all the same", async () => {
  const raw = freshStore();
  const { request: sample } = await sampleRequest();
  const output = { ...sample.output, url: `memory://user:password@${crypto.randomUUID()}/a?signature=hush` };
  const idle = await LocalJobRunner.start({
    deps: identityJobs(),
    store: raw,
    maxRunning: 0,
    control: { stateKey: KEY },
  });
  const { id } = await idle.submit({ ...sample, output });
  await idle.close();
  for (const key of await Array.fromAsync(raw.list(""))) {
    assert(!/password|hush/.test(new TextDecoder().decode((await raw.get(key))!)), key);
  }
  for (const control of [{ stateKey: OTHER_KEY }, {}]) {
    await assertRejects(
      () => LocalJobRunner.start({ deps: identityJobs(), store: raw, control }),
      ClearstackError,
      "encrypted with another key: set CLEARSTACK_STATE_KEY",
    );
  }
  const runner = await LocalJobRunner.start({ deps: identityJobs(), store: raw, control: { stateKey: KEY } });
  const events = await Array.fromAsync(await runner.events(id));
  assertEquals(events.at(-1)!.status.state, "done");
  assert((await keysBelow(output.url)).length > 0, "the output is where the secret URL says");
  await runner.close();
});

Deno.test("a record that was sealed for one job does not open for another", async () => {
  const raw = freshStore();
  const { openJobEncryption } = await import("functions/orchestrate/jobs/encryption.ts");
  const seal = await openJobEncryption(raw, KEY);
  const sealed = await seal.seal("a", request);
  assertEquals(await seal.open("a", sealed), request);
  await assertRejects(() => seal.open("b", sealed), ClearstackError, "another key");
  for (const key of ["", "short", "c2hvcnQ=", "%"]) {
    await assertRejects(() => openJobEncryption(freshStore(), key), ClearstackError, "32 bytes in base64");
  }
});

Deno.test("what a device did is what the next job on it is expected to take", async () => {
  const throughput = new Throughput(freshStore(), { perGpuSecond: 0.002, currency: "EUR" });
  const plan = { voxels: 1e6, inflation: 1.5, algorithm: AlgorithmSchema.parse({ iterations: 10 }) };
  const device = { backend: "webgpu", adapter: "X1", computeOnHost: false } as const;
  const first = await throughput.estimate(plan, device);
  assertEquals(first.basis, "default");
  const work = plan.voxels * plan.inflation * 10;
  await throughput.learn("X1", work, 50);
  const second = await throughput.estimate(plan, device);
  // Sums of floats in another order: a few units in the last place.
  assert(Math.abs(second.kernelSeconds - 50) < 1e-9 && Math.abs(second.cost!.amount - 0.1) < 1e-12);
  assertEquals([second.basis, (await throughput.estimate(plan, { ...device, adapter: "X2" })).basis], [
    "measured",
    "default",
  ]);
  for (const seconds of [0, NaN]) await throughput.learn("X1", work, seconds);
  assertEquals(await throughput.estimate(plan, device), second);
});

Deno.test("each channel is expected to take its own number of iterations", async () => {
  const throughput = new Throughput(freshStore());
  const device = { backend: "cpu", adapter: "X1", computeOnHost: false } as const;
  const plan = { voxels: 1e6, inflation: 1, algorithm: AlgorithmSchema.parse({}) };
  await throughput.learn("X1", 1e6, 1);
  const channels = [{ iterations: 40, background: 0 }, { iterations: 10, background: 0 }];
  const seconds = async (decisions: Decisions) =>
    (await throughput.estimate({ ...plan, decisions }, device)).kernelSeconds;
  assertEquals(await seconds({ iterations: 40, channels }), 25);
  assertEquals(await seconds({ iterations: 40, channels: [{ background: 0 }, { background: 0 }] }), 40);
});

Deno.test("an estimate comes close to what the job then takes, once the device is known", async () => {
  const runner = await LocalJobRunner.start({ deps: identityJobs(), store: freshStore() });
  const run = async () => {
    const { id, estimate } = await runner.submit({ ...(await sampleRequest()).request, seamCheck: 0 });
    const { status } = (await Array.fromAsync(await runner.events(id))).at(-1)!;
    return { estimate: estimate!, status };
  };
  await run();
  const { estimate, status } = await run();
  assertEquals(estimate.basis, "measured");
  assertEquals(status.deviceSeconds, status.result!.kernelSeconds);
  // These kernels take 1 ms for any box, so tiles at the edges, whose boxes are the same or smaller, are all that differs.
  assert(Math.abs(estimate.kernelSeconds / status.deviceSeconds - 1) < 0.25, `${estimate.kernelSeconds}`);
  await runner.close();
});

Deno.test("settings of job control are read with their units, and refused by their names", () => {
  const read = (variables: Record<string, string>) => readJobControl((name) => variables[name]);
  assertEquals(read({}), { awayMs: 600_000 });
  assertEquals(read({ CLEARSTACK_RETENTION: "30d", CLEARSTACK_RUNNER: "pod" }), {
    retentionMs: 30 * DAY,
    instance: "pod",
    awayMs: 600_000,
  });
  assertEquals(read({ CLEARSTACK_RETENTION: "1.5h" }).retentionMs, 5_400_000);
  assertEquals(read({ CLEARSTACK_PRICE_PER_GPU_SECOND: "0.0011" }).price, { perGpuSecond: 0.0011, currency: "USD" });
  for (
    const [name, value] of [
      ["CLEARSTACK_RETENTION", "30"],
      ["CLEARSTACK_RETENTION", "0d"],
      ["CLEARSTACK_RETENTION", "-1d"],
      ["CLEARSTACK_PRICE_PER_GPU_SECOND", ""],
      ["CLEARSTACK_PRICE_PER_GPU_SECOND", "-1"],
      ["CLEARSTACK_PRICE_PER_GPU_SECOND", "cheap"],
    ] as const
  ) {
    const error = (() => {
      try {
        return read({ [name]: value });
      } catch (thrown) {
        return thrown as Error;
      }
    })();
    assert(error instanceof ClearstackError && error.message.startsWith(name), `${name} ${value}`);
  }
});
