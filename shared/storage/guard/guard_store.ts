/**
 * The layer around every store: repeats what may succeed later, gives up on what hangs, bounds how much runs at once,
 * refuses keys that would leave the base URL, and lets no short read through.
 */
import { retry, RetryError } from "@std/async/retry";
import pLimit from "p-limit";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { pause } from "shared/process/pause.ts";
import { throwIfAborted } from "shared/process/unless_aborted.ts";
import { type Attempt, waitWhileMoving } from "./patience.ts";
import { type ByteRange, MAX_DOCUMENT_BYTES, type ReadableStore, type Store } from "../store.ts";

/** Limits that the guard layer keeps. */
export interface GuardOptions {
  /** Requests in flight at once. @default {16} */
  readonly concurrency?: number;
  /** Attempts per request before giving up. @default {5} */
  readonly attempts?: number;
  /** Longest time one attempt may wait for an answer, or for more of it, milliseconds. @default {60000} */
  readonly timeoutMs?: number;
  /** Pause before the first repetition, milliseconds; doubles each time, with up to half of it random. @default {200} */
  readonly backoffMs?: number;
  /** What becomes of a request once its attempts are used up; it may change while stores are open. @default {it is given up} */
  readonly patience?: {
    /** A store that does not answer is waited for so long, milliseconds. */
    readonly awayMs: number;
    /** Told what the store answered last, again and again. */
    readonly onAway: (message: string) => void;
  };
}

/** Limits of one kind of request. */
interface RetryOptions extends GuardOptions {
  /** Longer wait for the beginning of an answer, milliseconds. @default {0} */
  readonly headStartMs?: number;
}

/** Between two rounds of attempts at a store that is away. */
const AWAY_PAUSE_MS = 2000;

const NEVER = new AbortController().signal;

/** Answers that stop one after the other before a request is given up: nothing has come for so many timeouts then. */
const MAX_STALLS = 3;

/** Adds retries, timeouts, bounded concurrency, key and length checks to a store. */
export function guardStore(store: Store, options: GuardOptions = {}): Store {
  const guarded = guardian(store, options);
  return {
    ...guardReads(store, guarded),
    put: async (key, bytes, { signal, ...rest } = {}) =>
      await guarded(key, signal, (attempt) => store.put(key, bytes, { ...rest, ...attempt })),
    putPieces: async (key, pieces, options) => {
      assertKey(key);
      await store.putPieces(key, pieces, options);
    },
    getTagged: async (key, { signal, maxBytes = MAX_DOCUMENT_BYTES } = {}) =>
      await guarded(key, signal, (attempt) => store.getTagged(key, { ...attempt, maxBytes })),
    swap: async (key, bytes, expected, { signal } = {}) =>
      await guarded(key, signal, (attempt) => store.swap(key, bytes, expected, attempt)),
    delete: async (key) => await guarded(key, undefined, () => store.delete(key)),
    deleteAll: async (prefix) => await store.deleteAll(checkedPrefix(prefix)),
    deletePartials: store.deletePartials &&
      (async (key) => await store.deletePartials?.(key === "" ? key : checkedPrefix(key))),
  };
}

/** The same for a store that is only read. */
export function guardReadable(store: ReadableStore, options: GuardOptions = {}): ReadableStore {
  return guardReads(store, guardian(store, options));
}

type Guarded = ReturnType<typeof guardian>;

function guardian({ url }: ReadableStore, options: GuardOptions) {
  const limit = pLimit(options.concurrency ?? 16);
  const persist = retrier(options);
  return <T>(key: string, signal: AbortSignal | undefined, call: (attempt: Attempt) => Promise<T>): Promise<T> => {
    assertKey(key);
    return limit(() => persist(`${url}/${key}`, signal, call));
  };
}

function guardReads(store: ReadableStore, guarded: Guarded): ReadableStore {
  return {
    url: store.url,
    place: (key) => store.place(key),
    hint: store.hint,
    get: async (key, { signal, seen, maxBytes = MAX_DOCUMENT_BYTES } = {}) =>
      await guarded(key, signal, (attempt) => store.get(key, { ...attempt, seen, maxBytes })),
    getRange: async (key, range, { signal, seen } = {}) =>
      await guarded(key, signal, async (attempt) => {
        const bytes = await store.getRange(key, range, { ...attempt, seen });
        if (bytes !== undefined) assertLength(bytes, range, `${store.url}/${key}`);
        return bytes;
      }),
    head: async (key, { signal } = {}) => await guarded(key, signal, (attempt) => store.head(key, attempt)),
    list: (prefix, options) => store.list(checkedPrefix(prefix), options),
    listNames: (prefix, options) => store.listNames(checkedPrefix(prefix), options),
  };
}

/** Makes what repeats a call until it succeeds, cannot succeed, or was tried as often as agreed. */
export function retrier(
  { attempts = 5, timeoutMs = 60_000, backoffMs = 200, headStartMs, patience }: RetryOptions,
) {
  return async <T>(what: string, signal: AbortSignal | undefined, call: (attempt: Attempt) => Promise<T>) => {
    let stalls = 0;
    const givenUp = (bytes: number | undefined, cause: unknown) => {
      stalls++;
      const after = `after ${bytes} bytes, ${timeoutMs / 1000} s went by with nothing or too little`;
      const message = bytes === undefined ? `no answer within ${timeoutMs / 1000} s` : `the answer stalled: ${after}`;
      return new ClearstackError("store-unavailable", `${what}: ${message}`, { cause });
    };
    const persist = () =>
      retry(() => waitWhileMoving({ timeoutMs, headStartMs, signal, givenUp }, call), {
        maxAttempts: attempts,
        // Pauses of 0.75 to 1.25 times what they are meant to be.
        minTimeout: 1.25 * backoffMs,
        maxTimeout: Infinity,
        jitter: 0.4,
        isRetriable: (error: unknown) =>
          isClearstackError(error) && error.retryable && stalls < MAX_STALLS && !signal?.aborted,
        ...(signal === undefined ? {} : { signal }),
      });
    const since = performance.now();
    for (;; await pause(AWAY_PAUSE_MS, signal ?? NEVER)) {
      stalls = 0;
      try {
        return await persist();
      } catch (thrown) {
        throwIfAborted(signal);
        const error = thrown instanceof RetryError ? (thrown as Error).cause : thrown;
        const away = isClearstackError(error, "store-unavailable");
        if (!away || !patience || performance.now() - since >= patience.awayMs) throw error;
        patience.onAway(error.message);
      }
    }
  };
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
