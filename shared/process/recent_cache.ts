/**
 * What was asked for lately, such as the handles that the tiles of a job read through. `quick-lru` keeps up to twice as many
 * entries as it is told to; those here may be large PSFs, which a plan claims memory for.
 */
import { throwIfAborted, unlessAborted } from "./unless_aborted.ts";

/** Something that is being made, or was. */
interface Entry<Value> {
  readonly value: Promise<Value>;
  readonly stop: AbortController;
  /** Callers that have not gone away. */
  waiting: number;
}

/** A bounded cache of promises; the least recently used entry goes first, and failures are not remembered. */
export class RecentCache<Key, Value> {
  readonly #entries = new Map<Key, Entry<Value>>();
  readonly #capacity: number;

  /** @param capacity entries kept, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * The entry under `key`; made by `make` if there is none. Callers that ask at the same time share one call.
   *
   * @param make its signal fires once every caller that waits for the entry has gone away
   * @param signal ends the caller's own waiting; the promise then rejects with kind `cancelled`
   */
  async get(key: Key, make: (signal: AbortSignal) => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    throwIfAborted(signal);
    const entry = this.#entries.get(key) ?? this.#begin(key, make);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#capacity) this.#entries.delete(this.#entries.keys().next().value!);
    entry.waiting++;
    try {
      return await unlessAborted(entry.value, signal);
    } finally {
      if (--entry.waiting === 0 && signal?.aborted) {
        this.#drop(key, entry);
        entry.stop.abort(signal.reason);
      }
    }
  }

  /** Has the entry under `key` made anew for those who ask from now on. */
  forget(key: Key): void {
    this.#entries.delete(key);
  }

  #begin(key: Key, make: (signal: AbortSignal) => Promise<Value>): Entry<Value> {
    const stop = new AbortController();
    const entry = { value: make(stop.signal), stop, waiting: 0 };
    entry.value.catch(() => this.#drop(key, entry));
    return entry;
  }

  #drop(key: Key, entry: Entry<Value>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}
