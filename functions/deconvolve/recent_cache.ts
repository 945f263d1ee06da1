/** Remembers what was asked for lately, so that the tiles of a job share the handles they read through. */

/** A bounded cache of promises; the least recently used entry goes first, and failures are not remembered. */
export class RecentCache<T> {
  readonly #entries = new Map<string, Promise<T>>();
  readonly #capacity: number;

  /** @param capacity entries kept, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The entry under `key`; made by `make` if there is none. Callers that ask at the same time share one call. */
  get(key: string, make: () => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? make();
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break;
      this.#entries.delete(oldest);
    }
    return entry;
  }
}
