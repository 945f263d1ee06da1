/** Several runners over one store, as several orchestrators over one bucket. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { LocalJobRunner } from "functions/orchestrate/lease/local_job_runner.ts";
import type { LocalJobRunnerOptions } from "functions/orchestrate/lease/local_job_runner.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobEvent, JobStatus } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import { cephServer, testOn } from "../../fixtures/servers/object_servers.ts";
import { identityJobs, keysBelow, readOutput, sampleRequest } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { openStore } from "../../stores.ts";

/** Of tests in which a lease runs out: short, but long enough for a renewal to get through on a busy machine. */
const LEASE = 1200;

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

Deno.test("two runners on one store run each job once, and both tell of all of them", async () => {
  const store = freshStore();
  const [depsA, depsB] = [identityJobs(), identityJobs()];
  const [a, b] = [await start(store, { deps: depsA }), await start(store, { deps: depsB })];
  const samples = await Promise.all(Array.from({ length: 6 }, () => sampleRequest()));
  const ids: string[] = [];
  for (const { request } of samples) ids.push((await a.submit(request)).id);
  for (const id of ids) assertEquals((await ended(b, id)).state, "done");
  assertEquals(tilesRun(depsA, depsB), RUNS * samples.length);
  const [listA, listB] = [await a.list({ limit: 9 }), await b.list({ limit: 9 })];
  assertEquals(listA.jobs.map(({ id }) => id), ids.toReversed());
  assertEquals(listB.jobs.map(({ state }) => state), ids.map(() => "done"));
  for (const { request, values } of samples) assertEquals(await readOutput(request.output.url), values);
  await a.close();
  await b.close();
});

Deno.test("a job that waits behind another runner's is taken by one that has nothing to do", async () => {
  const store = freshStore();
  const { kernels, letGo } = heldKernels();
  const a = await start(store, { deps: identityJobs(kernels) });
  const first = await a.submit((await sampleRequest()).request);
  const second = await a.submit((await sampleRequest()).request);
  const depsB = identityJobs();
  const b = await start(store, { deps: depsB });
  assertEquals((await ended(a, second.id)).state, "done");
  assertEquals(tilesRun(depsB), RUNS);
  assertEquals((await a.get(first.id)).state, "running");
  letGo();
  assertEquals((await ended(b, first.id)).state, "done");
  await a.close();
  await b.close();
});

Deno.test("the jobs of a runner that died are taken over, and only what is missing is computed", async () => {
  const store = freshStore();
  const { kernels, reached } = heldKernels(7);
  const wire = cuttable(store);
  const depsA = identityJobs(kernels);
  const a = await start(wire.store, { deps: depsA, leaseMs: LEASE });
  const { request, values } = await sampleRequest();
  const { id } = await a.submit(request);
  await reached;
  wire.cut();
  const depsB = identityJobs();
  const started = performance.now();
  const b = await start(store, { deps: depsB, leaseMs: LEASE });
  const status = await ended(b, id);
  assertEquals([status.state, status.tilesResumed + status.result!.tilesComputed], ["done", 18]);
  assert(status.tilesResumed > 0);
  assert(performance.now() - started >= LEASE, "a lease is void only after it was watched for its whole time");
  assertEquals(await readOutput(request.output.url), values);
  wire.mend();
  await a.close();
  await b.close();
});

Deno.test("a runner that lost its lease stops at once, and harms neither the record nor the output", async () => {
  const store = freshStore();
  const { kernels, reached, letGo } = heldKernels();
  const wire = cuttable(store);
  const a = await start(wire.store, { deps: identityJobs(kernels), leaseMs: LEASE });
  const { request, values } = await sampleRequest();
  const { id } = await a.submit(request);
  await reached;
  wire.cut();
  const held = heldKernels(4);
  const b = await start(store, { deps: identityJobs(held.kernels), leaseMs: LEASE });
  await held.reached;
  wire.mend();
  // The next renewal meets the other's record; with no tile finished by this run, a cancelled one would remove the output.
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

Deno.test("a runner that starts again under its name goes on at once with what it had", async () => {
  const store = freshStore();
  const { kernels, reached } = heldKernels(5);
  const wire = cuttable(store);
  const control = { instance: "pod-1" };
  const options = { control, leaseMs: 3_600_000 };
  const first = await start(wire.store, { deps: identityJobs(kernels), ...options });
  const { id } = await first.submit((await sampleRequest()).request);
  await reached;
  wire.cut();
  const again = await start(store, options);
  // A lease of an hour could not have run out.
  assertEquals((await ended(again, id)).state, "done");
  wire.mend();
  await first.close();
  await again.close();
});

Deno.test("a job that another runner has is cancelled by asking it, running or waiting", async () => {
  const store = freshStore();
  const { kernels, reached } = heldKernels();
  const a = await start(store, { deps: identityJobs(kernels) });
  const b = await start(store, { maxRunning: 0 });
  const [one, two] = [await sampleRequest(), await sampleRequest()];
  const running = await a.submit(one.request);
  const waiting = await a.submit(two.request);
  await reached;
  assertEquals((await b.cancel(waiting.id)).state, "cancelled");
  assertEquals((await b.cancel(running.id)).state, "cancelled");
  assertEquals((await a.get(waiting.id)).state, "cancelled");
  assertEquals(await keysBelow(one.request.output.url), []);
  assertEquals(
    (await Array.fromAsync(store.list("live/"))).length + (await Array.fromAsync(store.list("cancel/"))).length,
    0,
  );
  await a.close();
  await b.close();
});

Deno.test("the events of a job that runs elsewhere end with its end, and go on after the last one seen", async () => {
  const store = freshStore();
  const { kernels, reached, letGo } = heldKernels(3);
  const a = await start(store, { deps: identityJobs(kernels) });
  const b = await start(store, { maxRunning: 0 });
  const { id } = await a.submit((await sampleRequest()).request);
  await reached;
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

Deno.test("the same key is the same job, in parallel and on two runners", async () => {
  const store = freshStore();
  const [depsA, depsB] = [identityJobs(), identityJobs()];
  const [a, b] = [await start(store, { deps: depsA }), await start(store, { deps: depsB })];
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

testOn(await cephServer(), "over S3, runners share jobs, keys and a death as over any other store", async (server) => {
  const store = server.freshStore();
  const { kernels, reached } = heldKernels(4);
  const wire = cuttable(store);
  const a = await start(wire.store, { deps: identityJobs(kernels), leaseMs: 3 * LEASE });
  const { request, values } = await sampleRequest();
  const submit = () => a.submit(request, { idempotencyKey: "k" });
  const [{ id }, again] = await Promise.all([submit(), submit()]);
  assertEquals(again.id, id);
  await reached;
  wire.cut();
  const deps = identityJobs();
  const b = await start(store, { deps, leaseMs: 3 * LEASE });
  assertEquals((await b.submit(request, { idempotencyKey: "k" })).id, id);
  assertEquals((await ended(b, id)).state, "done");
  assertEquals(await readOutput(request.output.url), values);
  wire.mend();
  await a.close();
  await b.close();
});

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

Deno.test("of two submissions for one output on two runners one is refused, however close they come", async () => {
  const store = freshStore();
  const { kernels } = heldKernels();
  const [a, b] = [
    await start(store, { deps: identityJobs(kernels) }),
    await start(store, { deps: identityJobs(kernels) }),
  ];
  for (let round = 0; round < 5; round++) {
    const { request } = await sampleRequest();
    const inside = { ...request, output: { ...request.output, url: `${request.output.url}/inside` } };
    const settled = await Promise.allSettled([a.submit(request), b.submit(round % 2 ? inside : request)]);
    assertEquals(settled.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    const [refused] = settled.filter((one) => one.status === "rejected");
    assertEquals(refused!.reason.kind, "conflict");
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
  const finished = await Promise.all(ids.map(async (id) => ({ id, at: (await runner.get(id)).updated })));
  const order = finished.toSorted((x, y) => x.at.localeCompare(y.at)).map(({ id }) => ids.indexOf(id));
  assertEquals(order, [2, 0, 3, 1]);
  await runner.close();
});
