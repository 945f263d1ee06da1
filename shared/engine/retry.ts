/**
 * Trying again what may pass: exponential backoff with jitter, and a budget. `retry` of @std/async, which the stores use, tells
 * nobody of an attempt that failed, or how long it waits for the next; jobs report and count both. `p-retry` tells, but cuts a
 * delay to its maximum after the random part, so that tasks that failed together come back together, and throws away a result
 * that comes once the signal has fired.
 */
import { ClearstackError, toClearstackError } from "shared/errors.ts";
import { NoAnswerError } from "shared/http/call_json.ts";
import { pause } from "shared/process/pause.ts";
import type { TileRetry } from "./engine.ts";

/** Policy for trying a failed call again. */
export interface RetryPolicy {
  /** Calls in all, the first one included. */
  readonly attempts: number;
  /** Longest delay before the second call; doubles with every further one. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /**
   * For so long, a store that is away and a function of which no instance answers are waited for: such failures count as attempts
   * only once they have come one after the other for that time. Instances may have to be started, with a machine for each.
   *
   * @default {0}
   */
  readonly awayMs?: number;
}

/** For tiles: stores have retried their own requests by then, so few and slow attempts are right. */
export const TILE_RETRIES: RetryPolicy = { attempts: 3, firstDelayMs: 500, longestDelayMs: 15_000 };

interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  /** Called with the attempt that failed, from 1, before each delay. */
  readonly onRetry?: (attempt: number, delayMs: number, error: ClearstackError) => void;
}

/**
 * Calls `f` until it succeeds, fails with an error that is not retryable, or has used up its attempts.
 *
 * @throws {ClearstackError} the last error; `cancelled` if aborted while waiting
 */
export async function withRetries<T>(f: () => Promise<T>, { policy, signal, onRetry }: RetryOptions): Promise<T> {
  const { awayMs = 0 } = policy;
  let awaySince: number | undefined;
  for (let [attempt, counted] = [1, 0];; attempt++) {
    try {
      return await f();
    } catch (caught) {
      const error = toClearstackError(caught);
      awaySince = isAway(error) ? awaySince ?? performance.now() : undefined;
      if (awaySince === undefined || performance.now() - awaySince >= awayMs) counted++;
      if (!error.retryable || counted >= policy.attempts || signal.aborted) throw error;
      const delay = backoff(policy, attempt);
      onRetry?.(attempt, delay, error);
      await pause(delay, signal);
      if (signal.aborted) throw new ClearstackError("cancelled", "cancelled while waiting to try again");
    }
  }
}

/** True for failures of what is not there now, but may be soon. */
function isAway(error: ClearstackError): boolean {
  return error instanceof NoAnswerError || error.kind === "store-unavailable";
}

/** Half of the delay is fixed and half random, so that tiles that failed together do not come back together. */
function backoff(policy: RetryPolicy, attempt: number): number {
  const full = Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
  return full * (0.5 + 0.5 * Math.random());
}

/** One line that says what is tried again. */
export function retryMessage(what: string, { index, attempt, message }: TileRetry): string {
  return `${what} ${index} failed (attempt ${attempt}), trying again: ${message}`;
}
