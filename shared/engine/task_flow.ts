/**
 * Does the tasks of one fan-out wherever that is driven from: each gets a place on an instance, is tried again after
 * failures that may pass, and where one takes far longer than the others, a second instance does it as well.
 */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { onAbort } from "shared/process/on_abort.ts";
import { JOBS } from "shared/telemetry/metrics.ts";
import { withSpan } from "shared/telemetry/span.ts";
import { type RetryPolicy, withRetries } from "./retry.ts";
import type { ReportOf, TaskKind, TaskOf } from "./task_kinds.ts";
import type { Lane, LaneOptions, Place, Room, TakeOptions } from "./workers.ts";

/** A task is late if it takes so many times the median, once so many have begun and half of them are done. */
const LATE_FACTOR = 3;
const FEWEST_TASKS = 10;
/** Time below which a task is never late: a second attempt would cost more than it saves. */
const SHORTEST_LATE_SECONDS = 2;
/** Durations that the median is taken of: the latest. */
const KEPT_DURATIONS = 101;

interface TaskFlowOptions extends LaneOptions {
  readonly retries: RetryPolicy;
  /** Milliseconds between looks for late tasks. @default {1000} */
  readonly lookMs?: number;
}

interface TaskRunOptions {
  readonly signal: AbortSignal;
  /** Called with the attempt that failed, from 1, before it is tried again. */
  readonly onRetry?: (attempt: number, delayMs: number, error: ClearstackError) => void;
}

interface Call {
  readonly started: number;
  /** Starts a second attempt elsewhere; undefined once there is one. */
  backUp: (() => void) | undefined;
}

/** Does tasks of one kind. */
export class TaskFlow<K extends TaskKind> {
  readonly #kind: K;
  readonly #retries: RetryPolicy;
  readonly #lane: Lane<K>;
  readonly #calls = new Set<Call>();
  /** Attempts that lost against another and have been hung up. */
  readonly #hungUp = new Set<Promise<void>>();
  readonly #durations: number[] = [];
  readonly #looking: ReturnType<typeof setInterval> | undefined;
  #begun = 0;
  #finished = 0;

  constructor(kind: K, workers: Room<K>, { retries, lookMs = 1000, ...lane }: TaskFlowOptions) {
    this.#kind = kind;
    this.#retries = retries;
    this.#lane = workers.open(lane);
    if (workers.count > 1) this.#looking = setInterval(() => this.#lookForLate(), lookMs);
  }

  /**
   * Does a task.
   *
   * @throws {ClearstackError} the error of its last attempt, or `cancelled`
   */
  run(task: TaskOf<K>, { signal, onRetry }: TaskRunOptions): Promise<ReportOf<K>> {
    const policy = this.#retries;
    return withRetries(() => this.#attempt(task, signal), {
      policy,
      signal,
      onRetry: (attempt, delayMs, error) => {
        JOBS.retries.add(1, { kind: this.#kind, reason: error.kind });
        onRetry?.(attempt, delayMs, error);
      },
    });
  }

  /** Waits for what was hung up; no more tasks may come. */
  async close(): Promise<void> {
    clearInterval(this.#looking);
    await Promise.all(this.#hungUp);
    this.#lane.close();
  }

  /** One attempt, on one instance or, if it is late, on two; the first result counts. */
  #attempt(task: TaskOf<K>, signal: AbortSignal): Promise<ReportOf<K>> {
    const { promise, resolve, reject } = Promise.withResolvers<ReportOf<K>>();
    const stop = new AbortController();
    const hangUp = () => stop.abort();
    const listening = onAbort(signal, hangUp);
    let open = 0;
    const start = async (besides?: number) => {
      open++;
      try {
        resolve(
          await this.#callOnce(task, { signal: stop.signal, ...(besides === undefined ? {} : { besides }) }, backUp),
        );
      } catch (error) {
        // Of two, the one that goes on decides.
        if (open === 1) reject(error);
      } finally {
        open--;
      }
    };
    const backUp = (instance: number) => this.#follow(start(instance));
    this.#follow(start());
    return promise.finally(() => {
      listening[Symbol.dispose]();
      hangUp();
    });
  }

  #follow(attempt: Promise<void>): void {
    this.#hungUp.add(attempt);
    attempt.then(() => this.#hungUp.delete(attempt));
  }

  async #callOnce(task: TaskOf<K>, options: TakeOptions, backUp: (instance: number) => void): Promise<ReportOf<K>> {
    const kind = this.#kind;
    JOBS.waiting.add(1, { kind });
    const place = await this.#lane.take(options).finally(() => JOBS.waiting.add(-1, { kind }));
    if (options.signal.aborted) {
      place.release();
      throw new ClearstackError("cancelled", "cancelled before it began");
    }
    const call: Call = {
      started: performance.now(),
      backUp: options.besides === undefined ? () => backUp(place.instance) : undefined,
    };
    if (options.besides === undefined) this.#begun++;
    this.#calls.add(call);
    JOBS.inFlight.add(1, { kind });
    let failed = false;
    try {
      const about = { "clearstack.task": task.tile.index, "clearstack.instance": place.instance };
      const report = await withSpan(`task of ${kind}`, about, () => place.functions[kind](task, options.signal));
      this.#finished++;
      this.#durations.push((performance.now() - call.started) / 1000);
      if (this.#durations.length > KEPT_DURATIONS) this.#durations.shift();
      return report;
    } catch (error) {
      failed = !options.signal.aborted && isInstanceAtFault(error);
      throw elsewhere(error, place);
    } finally {
      this.#calls.delete(call);
      JOBS.inFlight.add(-1, { kind });
      place.release(failed);
    }
  }

  #lookForLate(): void {
    if (this.#begun < FEWEST_TASKS || this.#finished < this.#begun / 2) return;
    const median = this.#durations.toSorted((a, b) => a - b)[this.#durations.length >> 1] ?? Infinity;
    const late = performance.now() - 1000 * Math.max(SHORTEST_LATE_SECONDS, LATE_FACTOR * median);
    for (const call of this.#calls) {
      if (call.started > late) continue;
      call.backUp?.();
      call.backUp = undefined;
    }
  }
}

function isInstanceAtFault(error: unknown): boolean {
  return isClearstackError(error, "device-lost") || isClearstackError(error, "no-device");
}

/** Another instance may have the device that this one lacks. */
function elsewhere(error: unknown, { others }: Pick<Place<never>, "others">): unknown {
  if (!others || !isClearstackError(error, "no-device")) return error;
  return new ClearstackError("device-lost", error.message, { cause: error });
}
