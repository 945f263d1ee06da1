/** The engine of one process: no server, no journal; what is finished is known from the output alone. */
import { ClearstackError, isClearstackError, toClearstackError } from "shared/errors.ts";
import type { Engine, FanOutOptions } from "./engine.ts";
import { onAbort } from "shared/process/on_abort.ts";
import { TaskSplitter } from "./task_splitter.ts";
import { type RetryPolicy, TILE_RETRIES } from "./retry.ts";
import { TaskFlow } from "./task_flow.ts";
import type { ReportOf, TaskFunctions, TaskKind, TaskOf } from "./task_kinds.ts";
import { type Room, Workers, type WorkersByKind } from "./workers.ts";

/** Settings of {@link createLocalEngine}. */
export interface LocalEngineOptions {
  /** @default {TILE_RETRIES} */
  readonly retries?: RetryPolicy;
}

/** An engine that calls functions with bounded concurrency. */
export function createLocalEngine<Kinds extends TaskKind>(
  functions: TaskFunctions<Kinds>,
  { retries = TILE_RETRIES }: LocalEngineOptions = {},
): Engine<Kinds> {
  const workers = new Workers([functions]);
  return { fanOut: (kind, tasks, options) => fanOutLocally(kind, tasks, { ...options, workers, retries }) };
}

/** An engine that spreads tasks over instances. */
export function createSpreadEngine(
  workers: WorkersByKind,
  { retries = TILE_RETRIES }: LocalEngineOptions = {},
): Engine {
  return {
    fanOut: (kind, tasks, options) => fanOutLocally(kind, tasks, { ...options, workers: workers[kind], retries }),
  };
}

interface LocalFanOut<K extends TaskKind> extends FanOutOptions<K> {
  readonly workers: Room<K>;
  readonly retries: RetryPolicy;
}

async function fanOutLocally<K extends TaskKind>(
  kind: K,
  tasks: Iterable<TaskOf<K>>,
  { workers, retries, concurrency, priority, owner, signal, smaller, onReport, onRetry }: LocalFanOut<K>,
): Promise<void> {
  const stop = new AbortController();
  using _listening = onAbort(signal, () => stop.abort());
  const iterator = tasks[Symbol.iterator]();
  const flow = new TaskFlow(kind, workers, { concurrency, priority, owner, retries });
  const reducer = new TaskSplitter(smaller);
  let failure: ClearstackError | undefined;
  function attempt(task: TaskOf<K>): Promise<ReportOf<K>> {
    return flow.run(task, {
      signal: stop.signal,
      onRetry: (attempt, delayMs, error) =>
        onRetry?.({ index: task.tile.index, attempt, delayMs, message: error.message }),
    });
  }
  /** Computes a task at the size that has fitted so far, and at smaller ones where it does not fit. */
  async function complete(task: TaskOf<K>): Promise<ReportOf<K>> {
    for (let fitted = reducer.fitted(task);;) {
      try {
        return await attempt(fitted.task);
      } catch (error) {
        const smaller = isClearstackError(error, "device-memory") ? reducer.smaller(fitted) : undefined;
        if (!smaller || stop.signal.aborted) throw error;
        fitted = smaller;
        const message = `${(error as ClearstackError).message}; now in smaller boxes`;
        onRetry?.({ index: task.tile.index, attempt: retries.attempts, delayMs: 0, message });
      }
    }
  }
  async function drain(): Promise<void> {
    while (!stop.signal.aborted) {
      const next = iterator.next();
      if (next.done) return;
      const report = await complete(next.value);
      await onReport?.(report);
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency * workers.count }, () =>
      drain().catch((error) => {
        // Only the first failure is the cause: those that follow are the aborts it led to.
        failure ??= toClearstackError(error);
        stop.abort();
      })));
  } finally {
    await flow.close();
    iterator.return?.();
  }
  if (failure && !(signal?.aborted && isAbort(failure))) throw failure;
  if (signal?.aborted) throw new ClearstackError("cancelled", "the job was cancelled");
}

/** An abort may surface as anything a broken-off call throws; after a cancellation none of that is the news. */
export function isAbort(error: ClearstackError): boolean {
  return error.kind === "cancelled" || error.retryable;
}
