/** Waiting that ends when a signal fires, whatever is waited for. */
import { abortable } from "@std/async/abortable";
import { ClearstackError } from "shared/errors.ts";

/**
 * Waits for a promise, but no longer than until the signal fires.
 *
 * @throws {ClearstackError} `cancelled`; what the promise rejects with
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  try {
    return await abortable(promise, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

/** @throws {ClearstackError} `cancelled` if the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ClearstackError("cancelled", "the job was cancelled", { cause: signal.reason });
}
