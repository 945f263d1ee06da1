import { assert, assertEquals, assertRejects } from "@std/assert";
import { QuotaGate } from "functions/api/quota_gate.ts";
import { LocalJobRunner, type LocalJobRunnerOptions } from "functions/orchestrate/drive/local_job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { identityJobs, keysBelow, sampleRequest } from "../../identity_jobs.ts";
import { slowSource } from "../../slow_source.ts";
import { openStore } from "../../../stores.ts";

let stores = 0;

async function startRunner(options: Partial<LocalJobRunnerOptions> = {}) {
  const store = openStore(`memory:submissions-${++stores}`);
  const runner = await LocalJobRunner.start({ deps: identityJobs(), store, log: () => {}, ...options });
  return { runner, store, [Symbol.asyncDispose]: () => runner.close() };
}

Deno.test("a submission whose source trickles keeps its output from nobody, and ends with whoever waits for it", async () => {
  await using slow = slowSource();
  await using service = await startRunner();
  const { runner, store } = service;
  const { request } = await sampleRequest();
  const stop = new AbortController();
  const trickling = runner.submit({ ...request, source: { url: slow.url } }, {
    signal: stop.signal,
    owner: "mallory",
    idempotencyKey: "slow",
  });
  await slow.asked;
  assertEquals((await Array.fromAsync(store.list("live/"))).length, 0);
  assertEquals((await runner.submit(request, { owner: "ada" })).owner, "ada");
  stop.abort();
  const error = await assertRejects(() => trickling, ClearstackError);
  assertEquals(error.kind, "cancelled");
  await slow.left;
  assertEquals(await Array.fromAsync(store.list("keys/")), [], "the key is free again");
});

Deno.test("planning has a deadline, and leaves nothing behind that it misses", async () => {
  await using slow = slowSource();
  await using service = await startRunner({ planningMs: 100 });
  const { runner, store } = service;
  const { request } = await sampleRequest();
  const trickling = { ...request, source: { url: slow.url } };
  for (const ask of [() => runner.plan(trickling), () => runner.submit(trickling)]) {
    const error = await assertRejects(ask, ClearstackError, "planning took more than 0.1 s");
    assertEquals(error.kind, "over-budget");
  }
  await slow.left;
  assertEquals(await keysBelow(request.output.url), []);
  assertEquals(await Array.fromAsync(store.list("")), ["driver.json"]);
});

Deno.test("a refusal because of another's job names the caller's own output alone", async () => {
  const gate = Promise.withResolvers<void>();
  await using service = await startRunner({
    deps: identityJobs(undefined, (invoke) => (task, signal) => gate.promise.then(() => invoke(task, signal))),
  });
  const { request } = await sampleRequest();
  const inside = { ...request, output: { ...request.output, url: `${request.output.url}/of-ada` } };
  await service.runner.submit(inside, { owner: "ada" });
  const { message } = await assertRejects(() => service.runner.submit(request, { owner: "bob" }), ClearstackError);
  assert(message.includes(request.output.url) && !message.includes("ada"), message);
  gate.resolve();
});

/** A store that notes what is read of sources. */
function noted(store: Store, reads: string[]): Store {
  if (!store.url.endsWith("/image")) return store;
  const get: Store["get"] = (key, options) => {
    reads.push(key);
    return store.get(key, options);
  };
  return { ...store, get };
}

Deno.test("the plan that runs is the plan that was checked: quotas have nothing read a second time", async () => {
  const reads: string[] = [];
  const environment = { ...NO_ENVIRONMENT, wrap: (store: Store) => noted(store, reads) };
  const held = Promise.withResolvers<void>();
  const deps = identityJobs(undefined, () => () => held.promise.then(() => Promise.reject(new Error())), environment);
  await using service = await startRunner({ deps });
  const gate = new QuotaGate(service.runner);
  const { request } = await sampleRequest();
  const ada = (tiles: number) => ({ id: "ada", roles: ["submit"] as const, quotas: { tiles } });
  await service.runner.plan(request);
  const once = reads.splice(0);
  assert(once.length > 0);
  assertEquals((await assertRejects(() => gate.submit(request, ada(17)), ClearstackError)).kind, "over-quota");
  assertEquals([reads.splice(0), await keysBelow(request.output.url)], [once, []]);
  // Nor does what nobody waits for become a job.
  const unheard = () => gate.submit(request, ada(17), { keepFailure: true });
  assertEquals((await assertRejects(unheard, ClearstackError)).kind, "over-quota");
  reads.length = 0;
  assertEquals((await gate.submit(request, ada(18))).tiles, 18);
  assertEquals(reads.splice(0), once);
  held.resolve();
});
