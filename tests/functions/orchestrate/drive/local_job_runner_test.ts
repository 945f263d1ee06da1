import { assert, assertEquals, assertRejects } from "@std/assert";
import type { LocalJobRunnerOptions } from "functions/orchestrate/drive/local_job_runner.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import type { JobEvent } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Log } from "shared/telemetry/log.ts";
import { identityJobs, keysBelow, readOutput, recordedTiles, sampleRequest } from "../../identity_jobs.ts";
import { identityKernels } from "../../identity_kernels.ts";
import { openStore } from "../../../stores.ts";

let stores = 0;

function start(options: Partial<LocalJobRunnerOptions> = {}): Promise<LocalJobRunner> {
  const store = openStore(`memory:runner-${++stores}`);
  return LocalJobRunner.start({ deps: identityJobs(), store, log: () => {}, ...options });
}

/** Kernels that wait before every run until they are let go; the run ends at once when it is aborted. */
function heldKernels() {
  const gate = Promise.withResolvers<void>();
  const kernels = identityKernels((_, { signal }) =>
    Promise.race([gate.promise, new Promise<void>((resolve) => signal!.addEventListener("abort", () => resolve()))])
  );
  return { kernels, letGo: gate.resolve };
}

async function allEvents(runner: LocalJobRunner, id: string, after?: number): Promise<JobEvent[]> {
  return await Array.fromAsync(await runner.events(id, after === undefined ? {} : { after }));
}

Deno.test("a job is accepted at once, runs, and its events tell all of it", async () => {
  const { request, values } = await sampleRequest();
  const runner = await start();
  const accepted = await runner.submit(request);
  assertEquals([hasEnded(accepted), accepted.tiles, accepted.tilesDone], [false, 18, 0]);
  const events = await allEvents(runner, accepted.id);
  assertEquals(events.map(({ sequence }) => sequence), events.map((_, i) => i + 1));
  assertEquals(events.filter(({ type }) => type === "tile").length, 18);
  assertEquals(events.filter(({ status }) => hasEnded(status)).length, 1);
  const done = events.at(-1)!.status;
  assertEquals([done.state, done.tilesDone, done.result?.tiles, done.etaSeconds], ["done", 18, 18, undefined]);
  assertEquals(await runner.get(accepted.id), done);
  assertEquals(await readOutput(request.output.url), values);
  await runner.close();
});

Deno.test("bad input is refused before the job is accepted, and nothing is written", async () => {
  const { request } = await sampleRequest();
  const runner = await start();
  const refusals = [
    [{ ...request, source: { url: request.source.url + "-missing" } }, "not-found"],
    [{ ...request, psf: { url: request.psf.url + "-missing" } }, "not-found"],
    [{ ...request, memoryBytes: 1 }, "over-budget"],
  ] as const;
  for (const [bad, kind] of refusals) {
    assertEquals((await assertRejects(() => runner.submit(bad), ClearstackError)).kind, kind);
  }
  assertEquals([await keysBelow(request.output.url), (await runner.list({ limit: 10 })).jobs], [[], []]);
  await runner.close();
});

Deno.test("an output that is complete is refused before the job is accepted", async () => {
  const { request } = await sampleRequest();
  const runner = await start();
  const { id } = await runner.submit(request);
  await allEvents(runner, id);
  assertEquals((await assertRejects(() => runner.submit(request), ClearstackError)).kind, "conflict");
  await runner.close();
});

Deno.test("two jobs for one output exclude each other, however close they come", async () => {
  const { request } = await sampleRequest();
  const { kernels, letGo } = heldKernels();
  const runner = await start({ deps: identityJobs(kernels) });
  const settled = await Promise.allSettled([runner.submit(request), runner.submit(request)]);
  assertEquals(settled.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  const error = await assertRejects(() => runner.submit(request), ClearstackError, "another job is writing");
  assertEquals(error.kind, "in-use");
  letGo();
  await runner.close();
});

Deno.test("two jobs whose outputs lead to one folder by different links exclude each other", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-runner-" });
  await Deno.symlink(folder, `${folder}/link`);
  const { request } = await sampleRequest();
  const { kernels, letGo } = heldKernels();
  const runner = await start({ deps: identityJobs(kernels) });
  const at = (url: string) => ({ ...request, output: { ...request.output, url } });
  await runner.submit(at(`${folder}/out.zarr`));
  await assertRejects(() => runner.submit(at(`${folder}/link/out.zarr`)), ClearstackError, "another job is writing");
  await runner.submit(at(`${folder}/link/other.zarr`));
  letGo();
  await runner.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("one job runs at a time, the others wait their turn", async () => {
  const { kernels, letGo } = heldKernels();
  const runner = await start({ deps: identityJobs(kernels) });
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await runner.submit((await sampleRequest()).request)).id);
  const states = async () => await Promise.all(ids.map(async (id) => (await runner.get(id)).state));
  assertEquals(await states(), ["running", "queued", "queued"]);
  letGo();
  for (const id of ids) await allEvents(runner, id);
  assertEquals(await states(), ["done", "done", "done"]);
  await runner.close();
});

Deno.test("what is held for the next job is freed once there is none", async () => {
  const { kernels, letGo } = heldKernels();
  const freed = Promise.withResolvers<void>();
  let times = 0;
  const onIdle = () => {
    times++;
    freed.resolve();
    return Promise.resolve();
  };
  const runner = await start({ deps: identityJobs(kernels), onIdle });
  for (const { request } of [await sampleRequest(), await sampleRequest()]) await runner.submit(request);
  letGo();
  await freed.promise;
  assertEquals([times, (await runner.list({ limit: 9 })).jobs.map(({ state }) => state)], [1, ["done", "done"]]);
  await runner.close();
});

Deno.test("a running job is cancelled once its tiles have stopped, and cancelling again changes nothing", async () => {
  const { request } = await sampleRequest();
  const { kernels } = heldKernels();
  const runner = await start({ deps: identityJobs(kernels) });
  const { id } = await runner.submit(request);
  const cancelled = await runner.cancel(id);
  assertEquals([cancelled.state, cancelled.error?.kind], ["cancelled", "cancelled"]);
  assertEquals(await runner.cancel(id), cancelled);
  assertEquals(await keysBelow(request.output.url), [], "no tile was finished, so nothing is kept");
  await runner.close();
});

Deno.test("a queued job is cancelled without ever running, and its output is removed", async () => {
  const { kernels, letGo } = heldKernels();
  const runner = await start({ deps: identityJobs(kernels) });
  await runner.submit((await sampleRequest()).request);
  const { request } = await sampleRequest();
  const { id } = await runner.submit(request);
  assertEquals((await runner.cancel(id)).state, "cancelled");
  assertEquals((await allEvents(runner, id)).map(({ status }) => status.state).includes("running"), false);
  assertEquals(await keysBelow(request.output.url), []);
  letGo();
  await runner.close();
});

Deno.test("a finished job stays done when it is cancelled", async () => {
  const runner = await start();
  const { id } = await runner.submit((await sampleRequest()).request);
  await allEvents(runner, id);
  assertEquals((await runner.cancel(id)).state, "done");
  await runner.close();
});

Deno.test("a job that nobody knows is not found, whatever its id looks like", async () => {
  const runner = await start();
  for (const id of ["a-00000000", "../jobs/x", "", "A B", "."]) {
    for (const ask of [runner.get(id), runner.cancel(id), runner.events(id)]) {
      assertEquals((await assertRejects(() => ask, ClearstackError)).kind, "not-found");
    }
  }
  await runner.close();
});

Deno.test("a failure is told with its kind; a defect is told without its message", async () => {
  const failing = async (failure: Error) => {
    const kernels = identityKernels(() => {
      throw failure;
    });
    const runner = await start({ deps: identityJobs(kernels) });
    const { id } = await runner.submit((await sampleRequest()).request);
    const { state, error } = (await allEvents(runner, id)).at(-1)!.status;
    await runner.close();
    return [state, error?.kind, error?.message.includes("at line 7")];
  };
  assertEquals(await failing(new ClearstackError("corrupt-data", "at line 7")), ["failed", "corrupt-data", true]);
  assertEquals(await failing(new TypeError("at line 7")), ["failed", "internal", false]);
});

Deno.test("the log tells that a job runs, each retry, and why it failed, as an error", async () => {
  const lines: unknown[] = [];
  const failures = [new ClearstackError("device-lost", "gone"), new ClearstackError("corrupt-data", "at line 7")];
  const kernels = identityKernels(() => Promise.reject(failures.shift()));
  const { request } = await sampleRequest();
  const tiling = { ...request.tiling, tile: [20, 40, 36] as const };
  const log: Log = (message, { level = "error", job, error } = {}) => void lines.push([message, level, job, error]);
  const runner = await start({ deps: identityJobs(kernels), log });
  const { id } = await runner.submit({ ...request, tiling });
  await allEvents(runner, id);
  assertEquals(lines, [
    ["the job is running", "info", id, undefined],
    ["tile 0 failed (attempt 1), trying again: gone", "warn", id, undefined],
    ["the job has failed: in the tile at z,y,x 0,0,0 of shape 20,40,36: at line 7", "error", id, "corrupt-data"],
  ]);
  await runner.close();
});

Deno.test("passwords and signatures in URLs are not told", async () => {
  const { request } = await sampleRequest();
  const { kernels } = heldKernels();
  const store = openStore("memory:runner-secret");
  const runner = await start({ deps: identityJobs(kernels), store });
  const output = { ...request.output, url: "memory://user:password@runner-secret-output/a.zarr?signature=secret" };
  const { id } = await runner.submit({ ...request, output });
  const told = [
    await runner.get(id),
    await runner.list({ limit: 9 }),
    await runner.cancel(id),
    await allEvents(runner, id),
  ];
  await runner.close();
  const other = await start({ store });
  told.push(await other.get(id), await other.list({ limit: 9 }), await allEvents(other, id));
  await other.close();
  assert(JSON.stringify(told).includes("memory://runner-secret-output/a.zarr"));
  assert(!/secret=|password/.test(JSON.stringify(told)), JSON.stringify(told));
});

Deno.test("jobs that a process left unfinished are completed by the next one", async () => {
  const store = openStore("memory:runner-restart");
  const { kernels } = heldKernels();
  const first = await start({ deps: identityJobs(kernels), store });
  const [one, two] = [await sampleRequest(), await sampleRequest()];
  const ids = [(await first.submit(one.request)).id, (await first.submit(two.request)).id];
  await first.close();
  await assertRejects(() => first.submit(one.request), ClearstackError, "shutting down");

  const second = await start({ store });
  for (const id of ids) assertEquals((await allEvents(second, id)).at(-1)!.status.state, "done");
  assertEquals(await readOutput(one.request.output.url), one.values);
  assertEquals(await readOutput(two.request.output.url), two.values);
  await second.close();
});

Deno.test("a restarted job computes only what is missing", async () => {
  const store = openStore("memory:runner-restart-midway");
  const reached = Promise.withResolvers<void>();
  const kernels = identityKernels((run, { signal }) => {
    if (run < 6) return;
    reached.resolve();
    return new Promise<void>((resolve) => signal!.addEventListener("abort", () => resolve()));
  });
  const first = await start({ deps: identityJobs(kernels), store });
  const { request, values } = await sampleRequest();
  const { id } = await first.submit(request);
  await reached.promise;
  await first.close();
  const kept = (await recordedTiles(request.output.url)).length;
  const second = await start({ store });
  const { status } = (await allEvents(second, id)).at(-1)!;
  assertEquals([status.tilesResumed, status.result?.tilesComputed], [kept, 18 - kept]);
  assert(kept > 0);
  assertEquals(await readOutput(request.output.url), values);
  await second.close();
});

Deno.test("the latest jobs are listed, newest first", async () => {
  const runner = await start();
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    const { id } = await runner.submit((await sampleRequest()).request);
    ids.unshift(id);
    await allEvents(runner, id);
  }
  assertEquals((await runner.list({ limit: 10 })).jobs.map(({ id }) => id), ids);
  assertEquals((await runner.list({ limit: 2 })).jobs.map(({ id }) => id), ids.slice(0, 2));
  await runner.close();
});

Deno.test("a reader that comes back gets only what it has not seen", async () => {
  const runner = await start();
  const { id } = await runner.submit((await sampleRequest()).request);
  const events = await allEvents(runner, id);
  assertEquals(await allEvents(runner, id, events.length - 2), events.slice(-2));
  await runner.close();
});
