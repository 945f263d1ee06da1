/** The engine of one process: no server, no journal; what is finished is known from the output alone. */
import { ClearstackError, isClearstackError, toClearstackError } from "../errors.ts";
import type { Engine, FanOutOptions } from "./engine.ts";
import type { RetryPolicy } from "./retry.ts";
import { TILE_RETRIES, withRetries } from "./retry.ts";
import type { Invoke, ReportOf, TaskFunctions, TaskKind, TaskOf } from "./task_kinds.ts";

/** Settings of {@link createLocalEngine}. */
export interface LocalEngineOptions {
  /** @default {TILE_RETRIES} */
  readonly retries?: RetryPolicy;
}

/** An engine that calls functions with bounded concurrency. */
export function createLocalEngine(
  functions: TaskFunctions,
  { retries = TILE_RETRIES }: LocalEngineOptions = {},
): Engine {
  return {
    fanOut: (kind, tasks, options) => fanOutLocally(tasks, functions[kind], retries, options),
  };
}

async function fanOutLocally<K extends TaskKind>(
  tasks: Iterable<TaskOf<K>>,
  invoke: Invoke<K>,
  retries: RetryPolicy,
  { concurrency, signal, smaller, onReport, onRetry }: FanOutOptions<K>,
): Promise<void> {
  const stop = new AbortController();
  const cancel = () => stop.abort();
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted) stop.abort();
  const iterator = tasks[Symbol.iterator]();
  let failure: ClearstackError | undefined;
  let reductions = 0;
  function reduced(task: TaskOf<K>, times: number): TaskOf<K> | undefined {
    let current: TaskOf<K> | undefined = task;
    for (let time = 0; time < times && current; time++) current = smaller?.(current);
    return current;
  }
  function attempt(task: TaskOf<K>): Promise<ReportOf<K>> {
    return withRetries(() => invoke(task, stop.signal), {
      policy: retries,
      signal: stop.signal,
      onRetry: (attempt, delayMilliseconds, error) =>
        onRetry?.({ index: task.tile.index, attempt, delayMilliseconds, message: error.message }),
    });
  }
  /** Computes a task at the size that has fitted so far, and at smaller ones where it does not fit. */
  async function complete(task: TaskOf<K>): Promise<ReportOf<K>> {
    for (let times = reductions;; times++) {
      try {
        return await attempt(reduced(task, times) ?? task);
      } catch (error) {
        if (!isClearstackError(error, "device-memory") || stop.signal.aborted || !reduced(task, times + 1)) throw error;
        reductions = Math.max(reductions, times + 1);
        const message = `${error.message}; now in smaller boxes`;
        onRetry?.({ index: task.tile.index, attempt: retries.attempts, delayMilliseconds: 0, message });
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
    await Promise.all(Array.from({ length: concurrency }, () =>
      drain().catch((error) => {
        // Only the first failure is the cause: those that follow are the aborts it led to.
        failure ??= toClearstackError(error);
        stop.abort();
      })));
  } finally {
    signal?.removeEventListener("abort", cancel);
    iterator.return?.();
  }
  if (failure && !(signal?.aborted && isAbort(failure))) throw failure;
  if (signal?.aborted) throw new ClearstackError("cancelled", "the job was cancelled");
}

/** An abort may surface as anything a broken-off call throws; after a cancellation none of that is the news. */
function isAbort(error: ClearstackError): boolean {
  return error.kind === "cancelled" || error.retryable;
}
