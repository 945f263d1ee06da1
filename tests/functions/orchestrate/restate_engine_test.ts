import { assert, assertEquals, assertRejects } from "@std/assert";
import type { TileTask } from "shared/contract/tile.ts";
import type { TileRetry } from "shared/engine/engine.ts";
import type { Invoke } from "shared/engine/task_kinds.ts";
import { ClearstackError } from "shared/errors.ts";
import { restateTest } from "../../fixtures/servers/restate.ts";
import { countedTasks, sampleReport, sampleTask } from "../../shared/engine/sample_tasks.ts";

const delay = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A tile that ends only when it is aborted. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(new ClearstackError("cancelled", "the tile was cancelled")))
  );

{
  let [inFlight, most] = [0, 0];
  const computed: number[] = [];
  const tiles = (): Invoke<"tiles"> => async ({ tile: { index } }) => {
    most = Math.max(most, ++inFlight);
    await delay(1);
    inFlight--;
    computed.push(index);
    return sampleReport(index);
  };
  restateTest("every task runs once, is reported once, and as many as there is room for run at once", {
    tiles,
    instances: 2,
  }, async ({ engine, shardsLeft }) => {
    const reported: number[] = [];
    const { tasks } = countedTasks(600);
    await engine.fanOut("tiles", tasks, { concurrency: 3, onReport: ({ index }) => void reported.push(index) });
    for (const list of [computed, reported]) assertEquals(list.toSorted((a, b) => a - b), numbers(600));
    assertEquals([most, inFlight], [6, 0]);
    assertEquals(await shardsLeft(), []);
  });
}

{
  let calls = 0;
  restateTest("a retryable error is tried again, and the retry is told", {
    tiles: () => ({ tile: { index } }) =>
      ++calls < 3
        ? Promise.reject(new ClearstackError("store-unavailable", "503"))
        : Promise.resolve(sampleReport(index)),
  }, async ({ engine }) => {
    const retries: TileRetry[] = [];
    await engine.fanOut("tiles", [sampleTask(7)], { concurrency: 2, onRetry: (retry) => retries.push(retry) });
    assertEquals(calls, 3);
    const told = retries.map(({ index, attempt, message }) => [index, attempt, message]);
    assertEquals(told, [[7, 1, "503"], [7, 2, "503"]]);
  });
}

{
  let attempts = 0;
  const told = Promise.withResolvers<void>();
  restateTest("a retry is logged when it happens, under its job, and not once its shard is done", {
    tiles: () => async ({ tile: { index } }) => {
      if (++attempts === 1) throw new ClearstackError("store-unavailable", "503");
      await told.promise;
      return sampleReport(index);
    },
  }, async ({ engine, logged }) => {
    const running = engine.fanOut("tiles", [sampleTask(7)], { concurrency: 1, run: "job-1" });
    while (logged.length === 0) await delay(10);
    const message = "tile 7 failed (attempt 1), trying again: 503";
    assertEquals(logged, [{ message, level: "warn", job: "job-1", task: "tiles" }]);
    told.resolve();
    await running;
    assertEquals([engine.logsRetries, logged.length], [true, 1]);
  });
}

{
  let [begun, aborted] = [0, 0];
  restateTest("the first error stops the rest, waits for them, and is the one thrown", {
    tiles: () => async (_, signal) => {
      if (++begun !== 3) return await untilAborted(signal).finally(() => aborted++);
      await delay(300);
      throw new ClearstackError("corrupt-data", "the cause");
    },
  }, async ({ engine, shardsLeft }) => {
    const run = () => engine.fanOut("tiles", countedTasks(100).tasks, { concurrency: 3 });
    const error = await assertRejects(run, ClearstackError, "the cause");
    assertEquals([error.kind, begun - aborted], ["corrupt-data", 1]);
    assertEquals(await shardsLeft(), []);
  });
}

{
  let [begun, ended] = [0, 0];
  restateTest("cancelling hangs up the tiles in flight, waits for them, and rejects as cancelled", {
    tiles: () => (_, signal) => {
      begun++;
      return untilAborted(signal).finally(() => ended++);
    },
  }, async ({ engine, logged, shardsLeft }) => {
    const stop = new AbortController();
    const run = engine.fanOut("tiles", countedTasks(100).tasks, { concurrency: 4, signal: stop.signal });
    run.catch(() => {});
    while (begun < 4) await delay(10);
    const started = performance.now();
    stop.abort();
    assertEquals((await assertRejects(() => run, ClearstackError)).kind, "cancelled");
    assertEquals(ended, begun);
    assertEquals(await shardsLeft(), []);
    assertEquals(logged, [], "each shard that was cancelled says so");
    // Far from the minute after which a server that does not answer is given up.
    assert(performance.now() - started < 10_000, "the cancellation did not go through the server");
  });
}

{
  const sizes: [index: number, iterations: number][] = [];
  restateTest("a task that does not fit the device comes back smaller, and so do those that follow", {
    tiles: () => ({ tile: { index }, algorithm: { iterations } }) => {
      sizes.push([index, iterations]);
      if (iterations > 2) return Promise.reject(new ClearstackError("device-memory", "too large"));
      return Promise.resolve(sampleReport(index));
    },
  }, async ({ engine }) => {
    const tasks = numbers(4).map(sampleTask);
    const large = tasks.map((task) => ({ ...task, algorithm: { ...task.algorithm, iterations: 3 } }));
    // Stands for any way to make a task smaller.
    const smaller = (task: TileTask) => {
      const iterations = task.algorithm.iterations - 1;
      return iterations === 0 ? undefined : { ...task, algorithm: { ...task.algorithm, iterations } };
    };
    const reported: number[] = [];
    await engine.fanOut("tiles", large, {
      concurrency: 1,
      smaller,
      onReport: ({ index }) => void reported.push(index),
    });
    assertEquals(reported.toSorted(), [0, 1, 2, 3]);
    assertEquals(sizes.at(-1)![1], 2);
  });
}

{
  const computed = new Map<number, number>();
  restateTest("a server that is killed goes on where it was, and at most what was in flight runs twice", {
    tiles: () => async ({ tile: { index } }) => {
      await delay(20);
      computed.set(index, (computed.get(index) ?? 0) + 1);
      return sampleReport(index);
    },
  }, async ({ engine, server }) => {
    const reported: number[] = [];
    const run = engine.fanOut("tiles", countedTasks(150).tasks, {
      concurrency: 4,
      onReport: ({ index }) => void reported.push(index),
    });
    while (reported.length < 30) await delay(10);
    await server.process.kill();
    await delay(200);
    await server.process.start();
    await run;
    assertEquals(reported.toSorted((a, b) => a - b), numbers(150));
    const twice = [...computed.values()].filter((times) => times > 1).length;
    // Four were in flight; as many again may have been done without the server having learned of it.
    assert(twice <= 8, `${twice} tiles ran twice`);
  });
}

{
  let refused = 0;
  const away = () => ++refused <= 3 ? Promise.reject(new ClearstackError("store-unavailable", "503")) : undefined;
  restateTest("a store that is away for a moment stops no fan-out", {
    tiles: () => ({ tile: { index } }) => Promise.resolve(sampleReport(index)),
    place: (store) => ({
      get: (key) => store.get(key),
      list: (prefix) => store.list(prefix),
      put: async (key, bytes) => await away() ?? await store.put(key, bytes),
      delete: async (key) => await away() ?? await store.delete(key),
    }),
  }, async ({ engine, shardsLeft }) => {
    const reported: number[] = [];
    const { tasks } = countedTasks(4);
    await engine.fanOut("tiles", tasks, { concurrency: 1, onReport: ({ index }) => void reported.push(index) });
    assertEquals([reported.toSorted(), await shardsLeft()], [[0, 1, 2, 3], []]);
    assert(refused > 3);
  });
}

{
  let inFlight = 0;
  restateTest("what an earlier fan-out of the same run left behind is stopped before the next begins", {
    tiles: () => async ({ tile: { index } }, signal) => {
      if (index >= 1000) return sampleReport(index);
      inFlight++;
      return await untilAborted(signal).finally(() => inFlight--);
    },
  }, async ({ engine, shardsLeft }) => {
    const origin = { concurrency: 3, run: "a-run" };
    // Stands for a process that died: its calls to the server are never heard of again.
    const dead = engine.fanOut("tiles", countedTasks(100).tasks, origin);
    const verdict = assertRejects(() => dead, ClearstackError);
    while (inFlight < 3) await delay(10);
    const reported: number[] = [];
    const next = engine.fanOut("tiles", [sampleTask(1000)], {
      ...origin,
      onReport: ({ index }) => void reported.push(index),
    });
    assertEquals((await verdict).kind, "conflict");
    await next;
    assertEquals([reported, inFlight, await shardsLeft()], [[1000], 0, []]);
  });
}

const SECRET = "X-Amz-Signature=5ecre7-0123456789abcdef";
restateTest("no signature of a URL is written to the server's journal", {
  tiles: () => ({ tile: { index }, source: { url } }) =>
    url.includes(SECRET)
      ? Promise.resolve({ ...sampleReport(index), adapter: "plain-words-of-a-report" })
      : Promise.reject(new ClearstackError("internal", "the tile lacks its signature")),
  env: {
    RESTATE_WORKER__STORAGE__ROCKSDB_DISABLE_WAL_COMPRESSION: "true",
    RESTATE_LOG_SERVER__ROCKSDB_DISABLE_WAL_COMPRESSION: "true",
  },
}, async ({ engine, server }) => {
  const task = sampleTask(0);
  const signed = { ...task, source: { ...task.source, url: `https://bucket.example/image.zarr?${SECRET}` } };
  await engine.fanOut("tiles", [signed], { concurrency: 1 });
  await server.process.kill();
  // The words of the report are in the journal; were they not found, neither would be a signature.
  assert(await holds(server.dataFolder, "plain-words-of-a-report"), "the journal could not be searched");
  assert(!await holds(server.dataFolder, "5ecre7"), "the journal holds a signature");
});

async function holds(folder: string, words: string): Promise<boolean> {
  const { code } = await new Deno.Command("grep", { args: ["-r", "-q", "-a", "-F", words, folder] }).output();
  return code === 0;
}

restateTest("a call that the server's key did not sign is refused", {
  tiles: () => ({ tile: { index } }) => Promise.resolve(sampleReport(index)),
}, async ({ endpointUrl }) => {
  const response = await fetch(`${endpointUrl}/invoke/clearstack_shards/stop`, {
    method: "POST",
    headers: { "content-type": "application/vnd.restate.invocation.v5" },
    body: new Uint8Array(),
  });
  await response.body?.cancel();
  assertEquals(response.status, 401);
});
