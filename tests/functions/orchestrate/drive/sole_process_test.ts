/** Several processes over one store: one drives the jobs, or a dispatcher says which of them drives each. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { type Dispatcher, type Driver, ownDispatcher } from "functions/orchestrate/drive/dispatcher.ts";
import type { LocalJobRunnerOptions } from "functions/orchestrate/drive/local_job_runner.ts";
import { newJobId } from "functions/orchestrate/jobs/job_id.ts";
import { JobStore } from "functions/orchestrate/jobs/job_store.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobEvent, JobStatus } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import { cephServer, testOn } from "../../../fixtures/servers/object_servers.ts";
import { identityJobs, keysBelow, readOutput, sampleRequest } from "../../identity_jobs.ts";
import { identityKernels } from "../../identity_kernels.ts";
import { openStore } from "../../../stores.ts";

/** Of tests in which a process is found dead: short, but long enough for its beat to get through on a busy machine. */
const DEAD_AFTER = 1200;

let stores = 0;
const freshStore = () => openStore(`memory:shared-jobs-${++stores}`);

function start(store: Store, options: Partial<LocalJobRunnerOptions> = {}): Promise<LocalJobRunner> {
  return LocalJobRunner.start({ deps: identityJobs(), store, log: () => {}, ...options });
}

/** Kernels that wait from some run on until they are let go or aborted. */
function heldKernels(from = 1) {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const kernels = identityKernels((run, { signal }) => {
    if (run < from) return;
    reached.resolve();
    return Promise.race([
      gate.promise,
      new Promise<void>((resolve) => signal!.addEventListener("abort", () => resolve())),
    ]);
  });
  return { kernels, letGo: gate.resolve, reached: reached.promise };
}

/** A store whose connection can be cut, so that to the others its runner is dead. */
function cuttable(store: Store) {
  let cut = false;
  const refuse = () => Promise.reject(new ClearstackError("store-unavailable", "the connection was cut"));
  async function* refuseList(): AsyncGenerator<string> {
    yield await refuse();
  }
  const handler: ProxyHandler<Store> = {
    get(target, name: keyof Store) {
      const value = target[name];
      if (typeof value !== "function" || !cut) return value;
      return name === "list" || name === "listNames" ? refuseList : refuse;
    },
  };
  return { store: new Proxy(store, handler), cut: () => cut = true, mend: () => cut = false };
}

async function ended(runner: LocalJobRunner, id: string): Promise<JobStatus> {
  const events: JobEvent[] = await Array.fromAsync(await runner.events(id));
  const { status } = events.at(-1)!;
  assert(hasEnded(status));
  return status;
}

const tilesRun = (...all: { readonly kernels: { readonly runs: readonly unknown[] } }[]) =>
  all.reduce((sum, { kernels }) => sum + kernels.runs.length, 0);

/** Runs of the sample: 18 tiles, and 2 boxes where tiles meet. */
const RUNS = 20;

/** Gives jobs to living drivers in turn, each to one, and to another one when that one has gone. */
function sharedDispatcher() {
  const drivers: Driver[] = [];
  const given = new Map<string, Driver>();
  let turn = 0;
  const drive = async (id: string): Promise<void> => {
    while (drivers.length > 0) {
      const driver = drivers[turn++ % drivers.length]!;
      given.set(id, driver);
      if (await driver.drive(id).then(() => true, () => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return {
    dispatcher: (driver: Driver): Dispatcher => {
      drivers.push(driver);
      return {
        dispatch: (id) => {
          if (!given.has(id)) void drive(id);
          return Promise.resolve();
        },
        cancel: async (id) => await given.get(id)?.cancel(id),
      };
    },
    bury: (index: number) => drivers.splice(index, 1),
  };
}

Deno.test("a second process stands by: it tells of all jobs, takes none in, and goes on when the first one closes", async () => {
  const store = freshStore();
  const { kernels, reached } = heldKernels(7);
  const a = await start(store, { deps: identityJobs(kernels), deadAfterMs: DEAD_AFTER });
  const { request, values } = await sampleRequest();
  const { id } = await a.submit(request);
  await reached;
  const depsB = identityJobs();
  const b = await start(store, { deps: depsB, deadAfterMs: DEAD_AFTER });
  const other = (await sampleRequest()).request;
  for (const refused of [() => b.submit(other), () => b.ready(), () => b.cancel(id)]) {
    const error = await assertRejects(refused, ClearstackError, "stands by");
    assertEquals(error.status, 503);
  }
  assertEquals([(await b.get(id)).state, (await b.list({ limit: 9 })).jobs.length], ["running", 1]);
  await a.close();
  const status = await ended(b, id);
  assertEquals([status.state, status.tilesResumed + status.result!.tilesComputed], ["done", 18]);
  assert(status.tilesResumed > 0);
  assertEquals(await readOutput(request.output.url), values);
  await b.ready();
  await b.close();
});

Deno.test("the jobs of a process that died are taken over, and only what is missing is computed", async () => {
  const store = freshStore();
  const { kernels, reached } = heldKernels(7);
  const wire = cuttable(store);
  const a = await start(wire.store, { deps: identityJobs(kernels), deadAfterMs: DEAD_AFTER });
  const { request, values } = await sampleRequest();
  const { id } = await a.submit(request);
  await reached;
  wire.cut();
  const started = performance.now();
  const b = await start(store, { deadAfterMs: DEAD_AFTER });
  const status = await ended(b, id);
  assertEquals([status.state, status.tilesResumed + status.result!.tilesComputed], ["done", 18]);
  assert(status.tilesResumed > 0);
  assert(performance.now() - started >= DEAD_AFTER, "a process is dead only after it was watched for the whole time");
  assertEquals(await readOutput(request.output.url), values);
  wire.mend();
  await a.close();
  await b.close();
});

Deno.test("a process that was taken for dead stops at once, and harms neither the record nor the output", async () => {
  const store = freshStore();
  const { kernels, reached, letGo } = heldKernels();
  const wire = cuttable(store);
  const a = await start(wire.store, { deps: identityJobs(kernels), deadAfterMs: DEAD_AFTER });
  const { request, values } = await sampleRequest();
  const { id } = await a.submit(request);
  await reached;
  wire.cut();
  const held = heldKernels(4);
  const b = await start(store, { deps: identityJobs(held.kernels), deadAfterMs: DEAD_AFTER });
  await held.reached;
  wire.mend();
  // Its next beat meets the other's object; with no tile finished by this run, a cancelled one would remove the output.
  while ((await a.get(id)).tilesDone === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const opened = kernels.runs.length;
  letGo();
  held.letGo();
  assertEquals((await ended(a, id)).state, "done");
  assertEquals(kernels.runs.length, opened, "nothing more was computed by the one that lost the job");
  assertEquals(await readOutput(request.output.url), values);
  assertEquals((await b.get(id)).state, "done");
  await a.close();
  await b.close();
});

Deno.test("a process that starts again under its name goes on at once with what it had", async () => {
  const store = freshStore();
  const { kernels, reached } = heldKernels(5);
  const wire = cuttable(store);
  const options = { control: { instance: "pod-1" }, deadAfterMs: 3_600_000 };
  const first = await start(wire.store, { deps: identityJobs(kernels), ...options });
  const { id } = await first.submit((await sampleRequest()).request);
  await reached;
  wire.cut();
  const again = await start(store, options);
  // In less than an hour the first one could not have been found dead.
  assertEquals((await ended(again, id)).state, "done");
  wire.mend();
  await first.close();
  await again.close();
});

Deno.test("with a dispatcher, two processes run each job once, and both tell of all of them", async () => {
  const [store, shared] = [freshStore(), sharedDispatcher()];
  const [depsA, depsB] = [identityJobs(), identityJobs()];
  const [a, b] = [await start(store, { deps: depsA, ...shared }), await start(store, { deps: depsB, ...shared })];
  const samples = await Promise.all(Array.from({ length: 6 }, () => sampleRequest()));
  const ids: string[] = [];
  for (const { request } of samples) ids.push((await a.submit(request)).id);
  for (const id of ids) assertEquals((await ended(b, id)).state, "done");
  assertEquals(tilesRun(depsA, depsB), RUNS * samples.length);
  assert(tilesRun(depsA) > 0 && tilesRun(depsB) > 0, "both took part");
  const [listA, listB] = [await a.list({ limit: 9 }), await b.list({ limit: 9 })];
  assertEquals(listA.jobs.map(({ id }) => id), ids.toReversed());
  assertEquals(listB.jobs.map(({ state }) => state), ids.map(() => "done"));
  for (const { request, values } of samples) assertEquals(await readOutput(request.output.url), values);
  assertEquals(await Array.fromAsync(store.list("live/")), []);
  await a.close();
  await b.close();
});

Deno.test("a driver that finds another one's mark in the record stops, and leaves the job to it", async () => {
  const [store, shared] = [freshStore(), sharedDispatcher()];
  const { kernels, reached, letGo } = heldKernels(3);
  const a = await start(store, { deps: identityJobs(kernels), ...shared });
  const { request, values } = await sampleRequest();
  const { id } = await a.submit(request);
  await reached;
  // To the dispatcher it is dead, and it does not know.
  shared.bury(0);
  const depsB = identityJobs();
  const b = await start(store, {
    deps: depsB,
    dispatcher: (driver) => ownDispatcher(driver, { log: () => {}, closing: new AbortController().signal }),
  });
  assertEquals((await ended(b, id)).state, "done");
  const status = await b.get(id);
  letGo();
  assertEquals((await ended(a, id)).state, "done");
  await a.close();
  assertEquals([await b.get(id), await readOutput(request.output.url)], [status, values]);
  await b.close();
});

Deno.test("a job that a process takes that no longer drives the store is driven again by the one that does", async () => {
  const store = freshStore();
  const { kernels, reached, letGo } = heldKernels(3);
  const runner = await start(store, { deps: identityJobs(kernels) });
  const { request, values } = await sampleRequest();
  const { id } = await runner.submit(request);
  await reached;
  // As a process does that was stopped for a while, and leaves the job as soon as it finds out.
  const jobs = new JobStore(store);
  const take = async (): Promise<unknown> => {
    const { record, tag } = (await jobs.read(id))!;
    return await jobs.swap({ ...record, driver: "an older one" }, tag) ?? await take();
  };
  await take();
  letGo();
  while ((await runner.get(id)).state !== "done") await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals(await readOutput(request.output.url), values);
  await runner.close();
});

Deno.test("a submission that was cut off before it made a job is in nobody's way once one process takes all jobs in", async () => {
  const store = freshStore();
  const runner = await start(store);
  const { request } = await sampleRequest();
  await new JobStore(store).markLive(newJobId(new Date()), await openStore(request.output.url).place());
  const { id } = await runner.submit(request);
  assertEquals((await ended(runner, id)).state, "done");
  await runner.close();
  assertEquals(await Array.fromAsync(store.list("live/")), []);
});

Deno.test("a job that another process has is cancelled through the dispatcher, running or waiting", async () => {
  const [store, shared] = [freshStore(), sharedDispatcher()];
  const { kernels, reached } = heldKernels();
  const a = await start(store, { deps: identityJobs(kernels), ...shared });
  const [one, two] = [await sampleRequest(), await sampleRequest()];
  const running = await a.submit(one.request);
  const waiting = await a.submit(two.request);
  await reached;
  const b = await start(store, shared);
  assertEquals((await b.cancel(waiting.id)).state, "cancelled");
  assertEquals((await b.cancel(running.id)).state, "cancelled");
  assertEquals((await a.get(waiting.id)).state, "cancelled");
  assertEquals([...await keysBelow(one.request.output.url), ...await keysBelow(two.request.output.url)], []);
  assertEquals(await Array.fromAsync(store.list("live/")), []);
  await a.close();
  await b.close();
});

Deno.test("the events of a job that runs elsewhere end with its end, and go on after the last one seen", async () => {
  const [store, shared] = [freshStore(), sharedDispatcher()];
  const { kernels, reached, letGo } = heldKernels(3);
  const a = await start(store, { deps: identityJobs(kernels), ...shared });
  const { id } = await a.submit((await sampleRequest()).request);
  await reached;
  const b = await start(store, shared);
  const seen: JobEvent[] = [];
  for await (const event of await b.events(id)) {
    seen.push(event);
    letGo();
  }
  const sequences = seen.map(({ sequence }) => sequence);
  assertEquals(sequences, [...new Set(sequences)].toSorted((x, y) => x - y));
  assertEquals(seen.at(-1)!.status, await a.get(id));
  assertEquals(seen.at(-1)!.sequence, seen.at(-1)!.status.sequence);
  assertEquals(await Array.fromAsync(await b.events(id, { after: sequences.at(-1)! })), []);
  await a.close();
  await b.close();
});

Deno.test("the same key is the same job, in parallel and in two processes", async () => {
  const [store, shared] = [freshStore(), sharedDispatcher()];
  const [depsA, depsB] = [identityJobs(), identityJobs()];
  const [a, b] = [await start(store, { deps: depsA, ...shared }), await start(store, { deps: depsB, ...shared })];
  const { request, values } = await sampleRequest();
  const submissions = Array.from(
    { length: 10 },
    (_, i) => (i % 2 ? a : b).submit(request, { owner: "facility", idempotencyKey: "upload 7" }),
  );
  const ids = new Set((await Promise.all(submissions)).map(({ id }) => id));
  assertEquals(ids.size, 1);
  const [id] = [...ids];
  assertEquals((await ended(a, id!)).state, "done");
  const later = await b.submit(request, { owner: "facility", idempotencyKey: "upload 7" });
  assertEquals([later.id, later.state], [id, "done"]);
  assertEquals([tilesRun(depsA, depsB), (await a.list({ limit: 9 })).jobs.length], [RUNS, 1]);
  assertEquals(await readOutput(request.output.url), values);
  await a.close();
  await b.close();
});

testOn(
  await cephServer(),
  "over S3, processes share jobs, keys and a death as over any other store",
  async (server) => {
    const store = server.freshStore();
    const { kernels, reached } = heldKernels(4);
    const wire = cuttable(store);
    const a = await start(wire.store, { deps: identityJobs(kernels), deadAfterMs: 3 * DEAD_AFTER });
    const { request, values } = await sampleRequest();
    const submit = () => a.submit(request, { idempotencyKey: "k" });
    const [{ id }, again] = await Promise.all([submit(), submit()]);
    assertEquals(again.id, id);
    await reached;
    wire.cut();
    const deps = identityJobs();
    const b = await start(store, { deps, deadAfterMs: 3 * DEAD_AFTER });
    assertEquals((await ended(b, id)).state, "done");
    assertEquals((await b.submit(request, { idempotencyKey: "k" })).id, id);
    assertEquals(await readOutput(request.output.url), values);
    wire.mend();
    await a.close();
    await b.close();
  },
);

Deno.test("a key with another request is a conflict; another owner's key is another key; a refused one is free again", async () => {
  const runner = await start(freshStore());
  const { request } = await sampleRequest();
  const submit = (one: JobRequest, owner: string) => runner.submit(one, { owner, idempotencyKey: "k" });
  assertEquals(
    (await assertRejects(() => submit({ ...request, memoryBytes: 1 }, "a"), ClearstackError)).kind,
    "over-budget",
  );
  const { id } = await submit(request, "a");
  const other = (await sampleRequest()).request;
  const error = await assertRejects(() => submit(other, "a"), ClearstackError, "use a new key");
  assertEquals(error.kind, "conflict");
  assert((await submit(other, "b")).id !== id);
  await runner.close();
});

Deno.test("of two submissions for one output in two processes one is refused, however close they come", async () => {
  const [store, shared] = [freshStore(), sharedDispatcher()];
  const { kernels } = heldKernels();
  const [a, b] = [
    await start(store, { deps: identityJobs(kernels), ...shared }),
    await start(store, { deps: identityJobs(kernels), ...shared }),
  ];
  for (let round = 0; round < 5; round++) {
    const { request } = await sampleRequest();
    const inside = { ...request, output: { ...request.output, url: `${request.output.url}/inside` } };
    const settled = await Promise.allSettled([a.submit(request), b.submit(round % 2 ? inside : request)]);
    assertEquals(settled.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    const [refused] = settled.filter((one) => one.status === "rejected");
    assertEquals(refused!.reason.kind, "in-use");
  }
  await a.close();
  await b.close();
});

Deno.test("urgent jobs go first, and the older first among equals", async () => {
  const { kernels, letGo } = heldKernels();
  const runner = await start(freshStore(), { deps: identityJobs(kernels) });
  const submit = async (priority: number) => (await runner.submit({ ...(await sampleRequest()).request, priority })).id;
  const blocker = await submit(0);
  const ids = [await submit(5), await submit(2), await submit(9), await submit(5)];
  letGo();
  for (const id of [blocker, ...ids]) await ended(runner, id);
  assertEquals(await orderOfEnds(runner, ids), [2, 0, 3, 1]);
  await runner.close();
});

Deno.test("after a restart the most urgent job goes first, not the one that is read first", async () => {
  const store = freshStore();
  const { kernels } = heldKernels();
  const first = await start(store, { deps: identityJobs(kernels) });
  const ids: string[] = [];
  for (const priority of [0, 5, 9, 2]) {
    ids.push((await first.submit({ ...(await sampleRequest()).request, priority })).id);
  }
  await first.close();
  const second = await start(store);
  for (const id of ids) await ended(second, id);
  assertEquals(await orderOfEnds(second, ids), [2, 1, 3, 0]);
  await second.close();
});

/** Indices of jobs, by the time of their end. */
async function orderOfEnds(runner: LocalJobRunner, ids: readonly string[]): Promise<number[]> {
  const finished = await Promise.all(ids.map(async (id) => ({ id, at: (await runner.get(id)).updated })));
  return finished.toSorted((x, y) => x.at.localeCompare(y.at)).map(({ id }) => ids.indexOf(id));
}
