/**
 * What was asked for lately, such as the handles that the tiles of a job read through. `quick-lru` keeps up to twice as many
 * entries as it is told to; those here may be large PSFs, which a plan claims memory for.
 */

/** A bounded cache of promises; the least recently used entry goes first, and failures are not remembered. */
export class RecentCache<Key, Value> {
  readonly #entries = new Map<Key, Promise<Value>>();
  readonly #capacity: number;

  /** @param capacity entries kept, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The entry under `key`; made by `make` if there is none. Callers that ask at the same time share one call. */
  get(key: Key, make: () => Promise<Value>): Promise<Value> {
    const entry = this.#entries.get(key) ?? make();
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    if (this.#entries.size > this.#capacity) this.#entries.delete(this.#entries.keys().next().value!);
    return entry;
  }
}
