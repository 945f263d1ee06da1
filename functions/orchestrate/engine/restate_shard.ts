/**
 * The service that a Restate server calls to have shards done. A task is one journalled step of its shard: measured against an
 * invocation for each task it is four times as fast. What is tried again, where and how often is decided in this process, so
 * that one task's failure does not replay the others.
 */
import { type Context, RestatePromise, service, TerminalError } from "@restatedev/restate-sdk/fetch";
import type { ShardMessage, ShardResult, StopMessage, TaskOutcome } from "shared/engine/restate/restate_shards.ts";
import type { Shard, ShardStore } from "shared/engine/restate/restate_shards.ts";
import { runOfShard, SHARD_SERVICE } from "shared/engine/restate/restate_shards.ts";
import type { TileRetry } from "shared/engine/engine.ts";
import { retryMessage, type RetryPolicy } from "shared/engine/retry.ts";
import { TaskFlow } from "shared/engine/task_flow.ts";
import type { TaskKind } from "shared/engine/task_kinds.ts";
import type { Room, WorkersByKind } from "shared/engine/workers.ts";
import { errorToRecord } from "shared/errors.ts";
import { type Log, plainLog } from "shared/telemetry/log.ts";
import { continueTrace } from "shared/telemetry/span.ts";

/** Dependencies of doing shards. */
export interface ShardServiceDeps {
  readonly shards: ShardStore;
  readonly workers: WorkersByKind;
  readonly retries: RetryPolicy;
  /** Told of each attempt that failed, when it does. @default {plainLog} */
  readonly log?: Log;
}

/**
 * A shard is silent while its tasks are under way, so silence is no reason to end it: a broken connection is noticed by HTTP/2's
 * pings, a stuck task by its caller. Results are kept for who waits and was away; journals are of no use afterwards.
 */
const OPTIONS = {
  inactivityTimeout: { hours: 12 },
  abortTimeout: { minutes: 10 },
  idempotencyRetention: { hours: 1 },
  journalRetention: 0,
  retryPolicy: { initialInterval: 200, exponentiationFactor: 2, maxInterval: 10_000, maxAttempts: 100_000 },
} as const;

export function shardService({ shards, workers, retries, log = plainLog }: ShardServiceDeps) {
  const flows = new SharedFlows(workers, retries);
  return service({
    name: SHARD_SERVICE,
    options: OPTIONS,
    handlers: {
      run: async (context: Context, { key }: ShardMessage): Promise<ShardResult> => {
        const shard = await shards.get(key);
        if (!shard) throw new TerminalError("nobody waits for this shard any more", { errorCode: 410 });
        // Nothing tells of the end of an attempt that has ended already.
        if (context.request().attemptCompletedSignal.aborted) throw new Error("the server has gone");
        const tell = (retry: TileRetry) =>
          log(retryMessage(shard.kind.slice(0, -1), retry), { level: "warn", job: runOfShard(key), task: shard.kind });
        return await runShard(context, shard, { ...flows.open(key, shard), tell });
      },
      stop: (context: Context, { invocations }: StopMessage): Promise<void> => {
        for (const id of invocations) context.invocation(id as Parameters<Context["invocation"]>[0]).cancel();
        return Promise.resolve();
      },
    },
  });
}

async function runShard(
  context: Context,
  { tasks, window, trace }: Shard,
  { flow, leave, tell }: OpenFlow & { readonly tell: (retry: TileRetry) => void },
): Promise<ShardResult> {
  const stop = new AbortController();
  const calls = new Set<Promise<TaskOutcome>>();
  // Also where this attempt ends because the server has gone: nothing below is woken then.
  context.request().attemptCompletedSignal.addEventListener("abort", () => {
    stop.abort();
    leave();
  }, { once: true });
  const call = (position: number) => {
    const outcome = continueTrace(
      trace,
      () => doTask(flow, tasks[position]!, { position, signal: stop.signal, tell }),
    );
    calls.add(outcome);
    return outcome.finally(() => calls.delete(outcome));
  };
  try {
    const running = new Map<number, RestatePromise<TaskOutcome>>();
    const outcomes: TaskOutcome[] = [];
    let failed = false;
    for (let next = 0; (next < tasks.length && !failed) || running.size > 0;) {
      while (next < tasks.length && running.size < window && !failed) {
        const position = next++;
        running.set(position, context.run(`${position}`, () => call(position)));
      }
      const outcome = await RestatePromise.race([...running.values()]);
      running.delete(outcome.position);
      outcomes.push(outcome);
      if (!outcome.error) continue;
      failed = true;
      stop.abort();
    }
    return { outcomes };
  } finally {
    // Cancelled, or failed: an ended shard has nothing in flight.
    stop.abort();
    await Promise.allSettled(calls);
  }
}

interface TaskCall {
  readonly position: number;
  readonly signal: AbortSignal;
  readonly tell: (retry: TileRetry) => void;
}

/** Never rejects: what became of the task is what is journalled. */
async function doTask(
  flow: TaskFlow<TaskKind>,
  task: Shard["tasks"][number],
  { position, signal, tell }: TaskCall,
): Promise<TaskOutcome> {
  const retries: NonNullable<TaskOutcome["retries"]>[number][] = [];
  const told = () => retries.length > 0 ? { retries } : {};
  try {
    const report = await flow.run(task, {
      signal,
      onRetry: (attempt, delayMs, { message }) => {
        retries.push({ attempt, delayMs, message });
        tell({ index: task.tile.index, attempt, delayMs, message });
      },
    });
    return { position, report, ...told() };
  } catch (error) {
    return signal.aborted ? { position } : { position, error: errorToRecord(error), ...told() };
  }
}

interface OpenFlow {
  readonly flow: TaskFlow<TaskKind>;
  /** To be called once. */
  readonly leave: () => void;
}

/** Shards of one fan-out in this process share their place in the queue and what they know of durations. */
class SharedFlows {
  readonly #flows = new Map<string, { readonly flow: TaskFlow<TaskKind>; users: number }>();
  readonly #workers: WorkersByKind;
  readonly #retries: RetryPolicy;

  constructor(workers: WorkersByKind, retries: RetryPolicy) {
    this.#workers = workers;
    this.#retries = retries;
  }

  open(key: string, { kind, concurrency, priority, owner }: Shard): OpenFlow {
    const name = key.slice(0, key.lastIndexOf("-"));
    let entry = this.#flows.get(name);
    if (!entry) {
      const options = { concurrency, priority, owner, retries: this.#retries };
      // The tasks of a shard are of its kind, which the type of all shards does not tell.
      const room = this.#workers[kind] as unknown as Room<TaskKind>;
      entry = { flow: new TaskFlow(kind, room, options), users: 0 };
      this.#flows.set(name, entry);
    }
    entry.users++;
    const { flow } = entry;
    return {
      flow,
      leave: () => {
        if (--entry.users > 0) return;
        this.#flows.delete(name);
        flow.close();
      },
    };
  }
}
