/** The tiles of one array in the cache: each is made once, however many wait for it, and stopped when nobody does any more. */
import { type ClearstackError, toClearstackError } from "shared/errors.ts";
import { onAbort } from "shared/process/on_abort.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import type { TileLru } from "./tile_lru.ts";

/** How a tile is made. */
export interface MakeOptions {
  /** Fires once nobody waits for the tile. */
  readonly signal: AbortSignal;
  /** From 0 to 9, as engines take it. */
  readonly priority: number;
}

export interface CachedTilesOptions {
  /** Name of the array, unique in the process. */
  readonly name: string;
  /** Tiles that are there, with their stored bytes. */
  readonly done?: ReadonlyMap<number, number>;
  readonly lru: TileLru;
  /** Fires when the view is closed: stops all that is made. */
  readonly closing: AbortSignal;
  /** Makes a tile and stores it. @returns stored bytes */
  readonly make: (index: number, options: MakeOptions) => Promise<number>;
  /** Removes a stored tile. */
  readonly remove: (index: number) => Promise<void>;
  /** Told of tiles that have just been made. */
  readonly onDone?: (index: number) => void;
  /** Told which tiles are being made whenever they are others. */
  readonly onMaking?: (indices: ReadonlySet<number>) => void;
  /** Milliseconds since 1970. @default {Date.now} */
  readonly now?: () => number;
}

/** Tiles that are made or waited for at the same time; far more than readers are let in. */
const MAX_FLIGHTS = 4096;

/**
 * A failure is told to whoever asks again so soon, so that viewers which ask for chunk after chunk do not have the same tile fail
 * over and over.
 */
const REMEMBERED_MS = { final: 10_000, passing: 1000 };

/** Failures that are remembered. */
const MAX_FAILURES = 1024;

export class CachedTiles {
  readonly #options: CachedTilesOptions;
  /** Stored bytes of tiles that are stored. */
  readonly #done = new Map<number, number>();
  readonly #flights = new RecentCache<number, number>(MAX_FLIGHTS);
  readonly #making = new Set<number>();
  readonly #failures = new Map<number, { readonly error: ClearstackError; readonly untilMs: number }>();
  readonly #now: () => number;

  constructor(options: CachedTilesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    for (const [index, bytes] of options.done ?? []) this.keep(index, bytes);
  }

  /** Tiles that are stored. */
  get count(): number {
    return this.#done.size;
  }

  get indices(): Iterable<number> {
    return this.#done.keys();
  }

  has(index: number): boolean {
    return this.#done.has(index);
  }

  /** Name of a tile, unique in the process. */
  nameOf(index: number): string {
    return `${this.#options.name}/${index}`;
  }

  /**
   * Resolves once the tile is stored.
   *
   * @returns its stored bytes: 0 where it holds nothing but zeros, which are not stored
   * @throws {ClearstackError} why it cannot be made; `cancelled` if the signal fires
   */
  async need(index: number, { signal, priority }: MakeOptions): Promise<number> {
    const bytes = this.#done.get(index);
    if (bytes !== undefined) {
      this.#options.lru.use(this.nameOf(index));
      return bytes;
    }
    const failure = this.#failures.get(index);
    if (failure !== undefined && failure.untilMs > this.#now()) throw failure.error;
    return await this.#flights.get(index, (signal) => this.#make(index, { signal, priority }), signal);
  }

  /** Has a tile made anew that turned out not to be there. */
  drop(index: number): void {
    this.#done.delete(index);
    this.#flights.forget(index);
    this.#options.lru.forget(this.nameOf(index));
  }

  async #make(index: number, { signal, priority }: MakeOptions): Promise<number> {
    const stop = new AbortController();
    using _leaving = onAbort(signal, () => stop.abort());
    using _closing = onAbort(this.#options.closing, () => stop.abort());
    this.#tell(() => this.#making.add(index));
    try {
      const bytes = await this.#options.make(index, { signal: stop.signal, priority });
      this.#failures.delete(index);
      this.keep(index, bytes);
      this.#options.onDone?.(index);
      return bytes;
    } catch (thrown) {
      const error = toClearstackError(thrown);
      if (!stop.signal.aborted) this.#remember(index, error);
      throw error;
    } finally {
      this.#tell(() => this.#making.delete(index));
    }
  }

  #tell(change: () => void): void {
    change();
    this.#options.onMaking?.(this.#making);
  }

  /** Notes that a tile is stored. */
  keep(index: number, bytes: number): void {
    this.#done.set(index, bytes);
    this.#options.lru.add(this.nameOf(index), { bytes, remove: () => this.#remove(index) });
  }

  async #remove(index: number): Promise<void> {
    this.#done.delete(index);
    this.#flights.forget(index);
    await this.#options.remove(index);
  }

  #remember(index: number, error: ClearstackError): void {
    if (this.#failures.size >= MAX_FAILURES) this.#failures.delete(this.#failures.keys().next().value!);
    const untilMs = this.#now() + (error.retryable ? REMEMBERED_MS.passing : REMEMBERED_MS.final);
    this.#failures.set(index, { error, untilMs });
  }
}
