/** The engine of one process: no server, no journal; what is finished is known from the output alone. */
import type { TileTask } from "../contract.ts";
import { ClearstackError, toClearstackError } from "../errors.ts";
import type { Engine, FanOutOptions, TileFunction } from "./engine.ts";
import type { RetryPolicy } from "./retry.ts";
import { TILE_RETRIES, withRetries } from "./retry.ts";

/** Settings of {@link createLocalEngine}. */
export interface LocalEngineOptions {
  /** @default {TILE_RETRIES} */
  readonly retries?: RetryPolicy;
}

/** An engine that calls a `deconvolve` function with bounded concurrency. */
export function createLocalEngine(
  { computeTile, checkSeam }: TileFunction,
  { retries = TILE_RETRIES }: LocalEngineOptions = {},
): Engine {
  return {
    fanOut: (tasks, options) => fanOutLocally(tasks, computeTile, retries, options),
    checkSeams: (tasks, options) => fanOutLocally(tasks, checkSeam, retries, options),
  };
}

async function fanOutLocally<Task extends Pick<TileTask, "tile">, Report>(
  tasks: Iterable<Task>,
  invoke: (task: Task, signal: AbortSignal) => Promise<Report>,
  retries: RetryPolicy,
  { concurrency, signal, onReport, onRetry }: FanOutOptions<Report>,
): Promise<void> {
  const stop = new AbortController();
  const cancel = () => stop.abort();
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted) stop.abort();
  const iterator = tasks[Symbol.iterator]();
  let failure: ClearstackError | undefined;
  async function drain(): Promise<void> {
    while (!stop.signal.aborted) {
      const next = iterator.next();
      if (next.done) return;
      const task = next.value;
      const report = await withRetries(() => invoke(task, stop.signal), {
        policy: retries,
        signal: stop.signal,
        onRetry: (attempt, delayMilliseconds, error) =>
          onRetry?.({ index: task.tile.index, attempt, delayMilliseconds, message: error.message }),
      });
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
