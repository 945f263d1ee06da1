import { assert, assertEquals, assertRejects } from "@std/assert";
import type { TileTask } from "shared/contract/tile.ts";
import type { TileRetry } from "shared/engine/engine.ts";
import type { LocalEngineOptions } from "shared/engine/local.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import type { Invoke } from "shared/engine/task_kinds.ts";
import { ClearstackError } from "shared/errors.ts";
import { countedTasks, sampleReport, sampleTask } from "./sample_tasks.ts";

const soon = { attempts: 3, firstDelayMs: 1, longestDelayMs: 2 };

/** An engine over a function that only computes tiles. */
const engineOf = (tiles: Invoke<"tiles">, options?: LocalEngineOptions) => {
  const never = () => Promise.reject(new Error("only tiles here"));
  return createLocalEngine({ tiles, seams: never, pilots: never, levels: never }, options);
};

/** Resolves a turn of the event loop later. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A tile that only ends when it is aborted. */
const untilAborted: Invoke<"tiles"> = (_, signal) =>
  new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(new ClearstackError("cancelled", "the tile was cancelled")))
  );

Deno.test("every task runs once and is reported once", async () => {
  const reported: number[] = [];
  const engine = engineOf(async ({ tile }) => {
    await turn();
    return sampleReport(tile.index);
  });
  await engine.fanOut("tiles", countedTasks(20).tasks, {
    concurrency: 3,
    onReport: ({ index }) => void reported.push(index),
  });
  assertEquals(reported.toSorted((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
});

Deno.test("no more tiles are in flight than the concurrency, and tasks are taken only as room comes free", async () => {
  const { tasks, taken } = countedTasks(50);
  let inFlight = 0;
  let most = 0;
  let finished = 0;
  const engine = engineOf(async ({ tile }) => {
    most = Math.max(most, ++inFlight);
    assert(taken() <= finished + 4, "a task was taken before there was room for it");
    await turn();
    inFlight--;
    finished++;
    return sampleReport(tile.index);
  });
  await engine.fanOut("tiles", tasks, { concurrency: 4 });
  assertEquals([most, finished, inFlight], [4, 50, 0]);
});

Deno.test("a retryable error is tried again, and the retry is told", async () => {
  const retries: TileRetry[] = [];
  let calls = 0;
  const engine = engineOf(({ tile }) => {
    if (++calls < 3) return Promise.reject(new ClearstackError("store-unavailable", "503"));
    return Promise.resolve(sampleReport(tile.index));
  }, { retries: soon });
  await engine.fanOut("tiles", countedTasks(1).tasks, { concurrency: 2, onRetry: (retry) => retries.push(retry) });
  assertEquals(calls, 3);
  assertEquals(retries.map(({ index, attempt, message }) => [index, attempt, message]), [[0, 1, "503"], [0, 2, "503"]]);
});

Deno.test("a tile fails for good once its attempts are used up", async () => {
  let calls = 0;
  const engine = engineOf(() => {
    calls++;
    return Promise.reject(new ClearstackError("device-lost", "gone"));
  }, { retries: soon });
  const error = await assertRejects(
    () => engine.fanOut("tiles", countedTasks(5).tasks, { concurrency: 1 }),
    ClearstackError,
    "gone",
  );
  assertEquals([error.kind, calls], ["device-lost", 3]);
});

Deno.test("an error that cannot pass is not tried again", async () => {
  let calls = 0;
  const engine = engineOf(() => {
    calls++;
    return Promise.reject(new ClearstackError("corrupt-data", "a chunk is cut short"));
  });
  await assertRejects(
    () => engine.fanOut("tiles", countedTasks(5).tasks, { concurrency: 1 }),
    ClearstackError,
    "cut short",
  );
  assertEquals(calls, 1);
});

Deno.test("the first error stops the rest, waits for them, and is the one thrown", async () => {
  const { tasks, taken } = countedTasks(100);
  let aborted = 0;
  const engine = engineOf(async (task, signal) => {
    if (task.tile.index === 2) {
      await turn();
      throw new ClearstackError("corrupt-data", "the cause");
    }
    return await untilAborted(task, signal).finally(() => aborted++);
  });
  await assertRejects(() => engine.fanOut("tiles", tasks, { concurrency: 3 }), ClearstackError, "the cause");
  assertEquals([aborted, taken()], [2, 3]);
});

Deno.test("cancelling aborts the tiles in flight, waits for them, and rejects as cancelled", async () => {
  const stop = new AbortController();
  let ended = 0;
  const engine = engineOf((task, signal) => untilAborted(task, signal).finally(() => ended++));
  const { tasks, taken } = countedTasks(100);
  const run = engine.fanOut("tiles", tasks, { concurrency: 3, signal: stop.signal });
  await turn();
  stop.abort();
  const error = await assertRejects(() => run, ClearstackError);
  assertEquals([error.kind, ended, taken()], ["cancelled", 3, 3]);
});

Deno.test("cancelling ends the wait before a retry at once", async () => {
  const stop = new AbortController();
  const never = { attempts: 9, firstDelayMs: 1e9, longestDelayMs: 1e9 };
  const engine = engineOf(() => Promise.reject(new ClearstackError("store-unavailable", "503")), {
    retries: never,
  });
  const run = engine.fanOut("tiles", countedTasks(3).tasks, {
    concurrency: 1,
    signal: stop.signal,
    onRetry: () => stop.abort(),
  });
  assertEquals((await assertRejects(() => run, ClearstackError)).kind, "cancelled");
});

Deno.test("a fan-out that was cancelled before it began invokes nothing", async () => {
  const engine = engineOf(() => Promise.reject(new Error("invoked")));
  const { tasks, taken } = countedTasks(3);
  const signal = AbortSignal.abort();
  await assertRejects(() => engine.fanOut("tiles", tasks, { concurrency: 2, signal }), ClearstackError, "cancelled");
  assertEquals(taken(), 0);
});

Deno.test("a defect in the report handler stops the fan-out as an internal error", async () => {
  const engine = engineOf(({ tile }) => Promise.resolve(sampleReport(tile.index)));
  const run = () =>
    engine.fanOut("tiles", countedTasks(9).tasks, {
      concurrency: 2,
      onReport: () => {
        throw new TypeError("a defect");
      },
    });
  assertEquals((await assertRejects(run, ClearstackError, "a defect")).kind, "internal");
});

Deno.test("a task that does not fit the device is tried smaller once its attempts are used up, and so are those that follow", async () => {
  const sizes: [index: number, iterations: number][] = [];
  const engine = engineOf(({ tile, algorithm: { iterations } }) => {
    sizes.push([tile.index, iterations]);
    if (iterations > 2) return Promise.reject(new ClearstackError("device-memory", "too large"));
    return Promise.resolve(sampleReport(tile.index));
  }, { retries: { ...soon, attempts: 2 } });
  const tasks = [0, 1].map(sampleTask).map((task) => ({ ...task, algorithm: { ...task.algorithm, iterations: 4 } }));
  // Stands for any way to make a task smaller.
  const smaller = (task: TileTask) => {
    const iterations = task.algorithm.iterations - 1;
    return iterations === 0 ? undefined : { ...task, algorithm: { ...task.algorithm, iterations } };
  };
  await engine.fanOut("tiles", tasks, { concurrency: 1, smaller });
  assertEquals(sizes, [[0, 4], [0, 4], [0, 3], [0, 3], [0, 2], [1, 2]]);
});
