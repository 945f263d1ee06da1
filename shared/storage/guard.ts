/**
 * The layer around every store: repeats what may succeed later, gives up on what hangs, bounds how much runs at once,
 * refuses keys that would leave the base URL, and lets no short read through.
 */
import { pause } from "../pause.ts";
import { ClearstackError, isClearstackError } from "../errors.ts";
import { createLimiter } from "./limiter.ts";
import type { ByteRange, Store } from "./store.ts";

/** Limits that the guard layer keeps. */
export interface GuardOptions {
  /** Requests in flight at once. @default {16} */
  readonly concurrency?: number;
  /** Attempts per request before giving up. @default {5} */
  readonly attempts?: number;
  /** Longest time one attempt may take, milliseconds. @default {60000} */
  readonly timeoutMs?: number;
  /** Pause before the first repetition, milliseconds; doubles each time, with up to half of it random. @default {200} */
  readonly backoffMs?: number;
}

/** Adds retries, timeouts, bounded concurrency, key and length checks to a store. */
export function guardStore(store: Store, options: GuardOptions = {}): Store {
  const limit = createLimiter(options.concurrency ?? 16);
  const retry = retrier(options);
  const guarded = <T>(key: string, signal: AbortSignal | undefined, call: (signal: AbortSignal) => Promise<T>) => {
    assertKey(key);
    return limit(() => retry(`${store.url}/${key}`, signal, call));
  };
  return {
    url: store.url,
    writable: store.writable,
    get: async (key, { signal } = {}) => await guarded(key, signal, (inner) => store.get(key, { signal: inner })),
    getRange: async (key, range, { signal } = {}) =>
      await guarded(key, signal, async (inner) => {
        const bytes = await store.getRange(key, range, { signal: inner });
        if (bytes !== undefined) assertLength(bytes, range, `${store.url}/${key}`);
        return bytes;
      }),
    head: async (key, { signal } = {}) => await guarded(key, signal, (inner) => store.head(key, { signal: inner })),
    put: async (key, bytes, { signal, ...rest } = {}) =>
      await guarded(key, signal, (inner) => store.put(key, bytes, { ...rest, signal: inner })),
    getTagged: async (key, { signal } = {}) =>
      await guarded(key, signal, (inner) => store.getTagged(key, { signal: inner })),
    swap: async (key, bytes, expected, { signal } = {}) =>
      await guarded(key, signal, (inner) => store.swap(key, bytes, expected, { signal: inner })),
    list: (prefix) => store.list(checkedPrefix(prefix)),
    listNames: (prefix) => store.listNames(checkedPrefix(prefix)),
    delete: async (key) => await guarded(key, undefined, () => store.delete(key)),
    deleteAll: async (prefix) => await store.deleteAll(checkedPrefix(prefix)),
  };
}

export function retrier({ attempts = 5, timeoutMs = 60_000, backoffMs = 200 }: GuardOptions) {
  return async <T>(what: string, signal: AbortSignal | undefined, call: (signal: AbortSignal) => Promise<T>) => {
    for (let attempt = 1;; attempt++) {
      throwIfAborted(signal);
      try {
        return await withTimeout(what, timeoutMs, signal, call);
      } catch (error) {
        throwIfAborted(signal);
        if (!(isClearstackError(error) && error.retryable) || attempt >= attempts) throw error;
      }
      await pause(backoffMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2), signal);
    }
  };
}

async function withTimeout<T>(
  what: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), timeoutMs);
  try {
    return await call(signal === undefined ? clock.signal : AbortSignal.any([signal, clock.signal]));
  } catch (error) {
    if (!clock.signal.aborted) throw error;
    throw new ClearstackError("store-unavailable", `${what}: no answer within ${timeoutMs / 1000} s`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ClearstackError("cancelled", "the job was cancelled", { cause: signal.reason });
}

function assertLength(bytes: Uint8Array, range: ByteRange, what: string): void {
  const wanted = "suffixLength" in range ? range.suffixLength : range.length;
  if (bytes.length === wanted) return;
  throw new ClearstackError(
    "corrupt-data",
    `${what} is cut short: ${bytes.length} bytes where ${wanted} were expected`,
  );
}

/** Keys come from metadata and from requests; none may climb out of the store. */
function assertKey(key: string): void {
  // deno-lint-ignore no-control-regex -- NUL and the like end a file name early on some systems
  const bad = /[\\\x00-\x1f]/.test(key) || key.split("/").some((part) => part === "" || part === "." || part === "..");
  if (bad) throw new ClearstackError("invalid-request", `${JSON.stringify(key)} is not a usable path inside a store`);
}

function checkedPrefix(prefix: string): string {
  if (prefix !== "") assertKey(prefix.replace(/\/$/, ""));
  return prefix;
}
