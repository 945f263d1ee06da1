import { assert, assertEquals, assertRejects } from "@std/assert";
import { TaskFlow } from "shared/engine/task_flow.ts";
import type { Invoke, TaskFunctions } from "shared/engine/task_kinds.ts";
import { Workers } from "shared/engine/workers.ts";
import { ClearstackError } from "shared/errors.ts";
import { sampleReport, sampleTask } from "./sample_tasks.ts";

const { signal } = new AbortController();
const retries = { attempts: 3, firstDelayMs: 1, longestDelayMs: 2 };

/** Instances that compute tiles; each is told its number. */
const workersOf = (count: number, tiles: (instance: number) => Invoke<"tiles">) =>
  new Workers(Array.from({ length: count }, (_, instance) => ({ tiles: tiles(instance) }) as TaskFunctions));

/** A tile that ends only when it is aborted. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(new ClearstackError("cancelled", "the tile was cancelled")))
  );

Deno.test("a task that takes far longer than the others is done a second time elsewhere, and the first result counts", async () => {
  let hungUp = 0;
  const stuckOn: number[] = [];
  const attempts = new Map<number, number>();
  const workers = workersOf(2, (instance) => ({ tile: { index } }, signal) => {
    const attempt = (attempts.get(index) ?? 0) + 1;
    attempts.set(index, attempt);
    if (index !== 7) return Promise.resolve(sampleReport(index));
    stuckOn.push(instance);
    if (attempt === 2) return Promise.resolve(sampleReport(index));
    return untilAborted(signal).finally(() => hungUp++);
  });
  const flow = new TaskFlow("tiles", workers, { concurrency: 2, retries, lookMs: 10 });
  const reports = await Promise.all(
    Array.from({ length: 12 }, (_, index) => flow.run(sampleTask(index), { signal })),
  );
  await flow.close();
  assertEquals(reports.map(({ index }) => index), Array.from({ length: 12 }, (_, index) => index));
  assertEquals([attempts.get(7), hungUp, attempts.get(6)], [2, 1, 1]);
  assert(stuckOn[0] !== stuckOn[1], "both attempts ran on the same instance");
});

Deno.test("a late task whose second attempt fails is still awaited", async () => {
  let attempts = 0;
  const first = Promise.withResolvers<void>();
  const workers = workersOf(2, () => async ({ tile: { index } }) => {
    if (index < 11) return sampleReport(index);
    if (++attempts === 1) await first.promise;
    else {
      first.resolve();
      throw new ClearstackError("corrupt-data", "only the second attempt fails");
    }
    return sampleReport(index);
  });
  const flow = new TaskFlow("tiles", workers, { concurrency: 2, retries, lookMs: 10 });
  await Promise.all(Array.from({ length: 12 }, (_, index) => flow.run(sampleTask(index), { signal })));
  await flow.close();
  assertEquals(attempts, 2);
});

Deno.test("an instance without a device does not stop a task that another can do", async () => {
  const workers = workersOf(
    2,
    (instance) => ({ tile: { index } }) =>
      instance === 0
        ? Promise.reject(new ClearstackError("no-device", "no GPU here"))
        : Promise.resolve(sampleReport(index)),
  );
  const flow = new TaskFlow("tiles", workers, { concurrency: 1, retries });
  assertEquals((await flow.run(sampleTask(3), { signal })).index, 3);
  await flow.close();
});

Deno.test("where the only instance has no device, that is the error at once", async () => {
  let calls = 0;
  const workers = workersOf(1, () => () => {
    calls++;
    return Promise.reject(new ClearstackError("no-device", "no GPU here"));
  });
  const flow = new TaskFlow("tiles", workers, { concurrency: 1, retries });
  const error = await assertRejects(() => flow.run(sampleTask(0), { signal }), ClearstackError);
  await flow.close();
  assertEquals([error.kind, calls], ["no-device", 1]);
});
