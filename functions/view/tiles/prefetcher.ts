/** Makes tiles that will probably be looked at next, one at a time, while nobody waits for any. */

/** A tile that somebody will probably want. */
interface Wish {
  /** Name of the tile, unique in the process. */
  readonly name: string;
  /** Makes it, if it is not there. */
  readonly make: (signal: AbortSignal) => Promise<void>;
}

/** Wishes that wait; of more, the oldest are given up. */
const MAX_WISHES = 8;

export class Prefetcher {
  readonly #wishes = new Map<string, Wish>();
  #current: { readonly wish: Wish; readonly stop: AbortController } | undefined;
  #waiting = 0;

  /** True while somebody waits, or something is made. */
  get isBusy(): boolean {
    return this.#waiting > 0 || this.#current !== undefined;
  }

  /** Notes a wish; the newest is met first. */
  want(wish: Wish): void {
    if (this.#current?.wish.name === wish.name) return;
    this.#wishes.delete(wish.name);
    this.#wishes.set(wish.name, wish);
    if (this.#wishes.size > MAX_WISHES) this.#wishes.delete(this.#wishes.keys().next().value!);
    this.#start();
  }

  /** Waits for a tile on behalf of a reader; what is made beside it for nobody yet gives way, and is begun again later. */
  async reading<T>(name: string, wait: () => Promise<T>): Promise<T> {
    this.#waiting++;
    if (this.#current !== undefined && this.#current.wish.name !== name) {
      const { wish, stop } = this.#current;
      this.#wishes.set(wish.name, wish);
      stop.abort();
    }
    try {
      return await wait();
    } finally {
      this.#waiting--;
      this.#start();
    }
  }

  /** Gives up what waits and what is made. */
  close(): void {
    this.#wishes.clear();
    this.#current?.stop.abort();
  }

  #start(): void {
    const wish = [...this.#wishes.values()].at(-1);
    if (this.#waiting > 0 || this.#current !== undefined || wish === undefined) return;
    this.#wishes.delete(wish.name);
    const stop = new AbortController();
    this.#current = { wish, stop };
    // Whoever comes to need the tile is told why it cannot be made.
    wish.make(stop.signal).catch(() => {}).finally(() => {
      this.#current = undefined;
      this.#start();
    });
  }
}
