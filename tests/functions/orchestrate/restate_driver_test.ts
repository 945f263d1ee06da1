/** Jobs that a real Restate server gives to drivers: one for each job, and another when that one goes. */
import { assert, assertEquals } from "@std/assert";
import type { Driver } from "functions/orchestrate/drive/dispatcher.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { restateDispatcher } from "functions/orchestrate/engine/restate_driver.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import type { Store } from "shared/storage/store.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { type RestateFixture, restateTest } from "../../fixtures/servers/restate.ts";
import { openStore } from "../../stores.ts";
import { type IdentityJobs, identityJobs, readOutput, sampleRequest } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";

const delay = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Processes behind one endpoint: the server's calls go to the one whose turn it is. */
function processes() {
  const drivers: Driver[] = [];
  const driver: Driver = {
    drive: (id, signal) => drivers.at(-1)!.drive(id, signal),
    cancel: async (id) => void await Promise.all(drivers.map((one) => one.cancel(id))),
  };
  const start = (deps: IdentityJobs, store: Store, { server }: RestateFixture) =>
    LocalJobRunner.start({
      ...{ deps, store, log: () => {} },
      dispatcher: (own) => {
        drivers.push(own);
        return restateDispatcher(server.ingressUrl);
      },
    });
  return { driver: Promise.resolve(driver), start };
}

/** Kernels that take a while, and of which it is known when the n-th has begun. */
function slowKernels(milliseconds: number, from = 1) {
  const reached = Promise.withResolvers<void>();
  const kernels = identityKernels(async (run) => {
    if (run >= from) reached.resolve();
    await delay(milliseconds);
  });
  return { kernels, reached: reached.promise };
}

async function ended(runner: LocalJobRunner, id: string): Promise<JobStatus> {
  const { status } = (await Array.fromAsync(await runner.events(id))).at(-1)!;
  assert(hasEnded(status));
  return status;
}

/** Never called: the jobs' own engine does their tiles. */
const tiles = () => () => Promise.reject(new Error("no shards here"));

{
  const { driver, start } = processes();
  restateTest("a job is driven once, however often it is handed out", { tiles, driver }, async (fixture) => {
    const [deps, store] = [identityJobs(), openStore(memoryUrl())];
    const runner = await start(deps, store, fixture);
    const { request, values } = await sampleRequest();
    const { id } = await runner.submit(request, { idempotencyKey: "k" });
    const dispatcher = restateDispatcher(fixture.server.ingressUrl);
    await Promise.all([dispatcher.dispatch(id), dispatcher.dispatch(id), dispatcher.dispatch(id)]);
    assertEquals([(await ended(runner, id)).state, deps.kernels.runs.length], ["done", 20]);
    await dispatcher.dispatch(id);
    assertEquals((await runner.submit(request, { idempotencyKey: "k" })).id, id);
    await delay(200);
    assertEquals(deps.kernels.runs.length, 20);
    assertEquals(await readOutput(request.output.url), values);
    assertEquals(await Array.fromAsync(store.list("live/")), []);
    await runner.close();
  });
}

{
  const { driver, start } = processes();
  restateTest("when a process goes, another one goes on with its job", { tiles, driver }, async (fixture) => {
    const store = openStore(memoryUrl());
    const { kernels, reached } = slowKernels(20, 7);
    const first = await start(identityJobs(kernels), store, fixture);
    const { request, values } = await sampleRequest();
    const { id } = await first.submit(request);
    await reached;
    const deps = identityJobs();
    const second = await start(deps, store, fixture);
    await first.close();
    const status = await ended(second, id);
    assertEquals([status.state, status.tilesResumed + status.result!.tilesComputed], ["done", 18]);
    assert(status.tilesResumed > 0);
    assertEquals(await readOutput(request.output.url), values);
    await second.close();
  });
}

{
  const { driver, start } = processes();
  restateTest("a server that is killed finds its jobs again, and what is done is not done twice", {
    tiles,
    driver,
  }, async (fixture) => {
    const store = openStore(memoryUrl());
    const { kernels, reached } = slowKernels(30, 5);
    const runner = await start(identityJobs(kernels), store, fixture);
    const { request, values } = await sampleRequest();
    const { id } = await runner.submit(request);
    await reached;
    await fixture.server.process.kill();
    await fixture.server.process.start();
    const status = await ended(runner, id);
    assertEquals(status.state, "done");
    // 18 tiles and 2 boxes where tiles meet. Two tiles had no record yet: one was computed while the one before was written.
    assert(kernels.runs.length <= 22, `${kernels.runs.length} boxes were computed`);
    assertEquals(await readOutput(request.output.url), values);
    await runner.close();
  });
}

{
  const { driver, start } = processes();
  restateTest("a job is cancelled by a process that does not drive it", { tiles, driver }, async (fixture) => {
    const store = openStore(memoryUrl());
    const other = await start(identityJobs(), store, fixture);
    const { kernels, reached } = slowKernels(50, 2);
    const runner = await start(identityJobs(kernels), store, fixture);
    const { id } = await other.submit((await sampleRequest()).request);
    await reached;
    assertEquals((await other.cancel(id)).state, "cancelled");
    assertEquals((await runner.get(id)).state, "cancelled");
    await runner.close();
    await other.close();
  });
}

{
  const { driver, start } = processes();
  restateTest(
    "a job that an earlier version began, by a lease, ends under this one",
    { tiles, driver },
    async (fixture) => {
      const store = openStore(memoryUrl());
      const { kernels, reached } = slowKernels(20, 4);
      const earlier = await LocalJobRunner.start({ deps: identityJobs(kernels), store, log: () => {} });
      const { request, values } = await sampleRequest();
      const { id } = await earlier.submit(request);
      await reached;
      await earlier.close();
      const [key] = await Array.fromAsync(store.list("jobs/"));
      const record = JSON.parse(new TextDecoder().decode(await store.get(key!)));
      const lease = { instance: "pod-1", holder: crypto.randomUUID(), beat: 17 };
      record.status.state = "running";
      await store.put(key!, new TextEncoder().encode(JSON.stringify({ ...record, lease })));
      const runner = await start(identityJobs(), store, fixture);
      const status = await ended(runner, id);
      assertEquals([status.state, status.tilesResumed + status.result!.tilesComputed], ["done", 18]);
      assertEquals(await readOutput(request.output.url), values);
      await runner.close();
    },
  );
}
