/** The size of the cache of all views of a process: what was not looked at for longest goes first. */
import { errorToRecord } from "shared/errors.ts";
import type { Log } from "shared/telemetry/log.ts";

/** A tile that is stored. */
interface StoredTile {
  /** Stored bytes. */
  readonly bytes: number;
  /** Removes it from the cache. */
  readonly remove: () => Promise<void>;
}

/** Stored tiles by name, in the order of their use. */
export class TileLru {
  readonly #tiles = new Map<string, StoredTile>();
  readonly #mostBytes: number;
  readonly #log: Log;
  #bytes = 0;
  #shrinking = false;

  /** @param mostBytes bytes kept; a single tile is kept however large it is */
  constructor(mostBytes: number, log: Log) {
    this.#mostBytes = mostBytes;
    this.#log = log;
  }

  /** Stored bytes of all tiles. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Notes that a tile was stored; others are removed where that is too much. */
  add(name: string, tile: StoredTile): void {
    this.forget(name);
    this.#tiles.set(name, tile);
    this.#bytes += tile.bytes;
    if (!this.#shrinking) void this.#shrink();
  }

  /** Notes that a tile was looked at. */
  use(name: string): void {
    const tile = this.#tiles.get(name);
    if (tile === undefined) return;
    this.#tiles.delete(name);
    this.#tiles.set(name, tile);
  }

  /** Leaves a tile, or all whose names begin so, to whoever removes it. */
  forget(name: string): void {
    const tile = this.#tiles.get(name);
    if (tile === undefined) return;
    this.#tiles.delete(name);
    this.#bytes -= tile.bytes;
  }

  /** Leaves all tiles whose names begin so to whoever removes them. */
  forgetAll(prefix: string): void {
    for (const name of [...this.#tiles.keys()]) if (name.startsWith(prefix)) this.forget(name);
  }

  async #shrink(): Promise<void> {
    this.#shrinking = true;
    while (this.#bytes > this.#mostBytes && this.#tiles.size > 1) {
      const [name, tile] = this.#tiles.entries().next().value!;
      this.forget(name);
      await tile.remove().catch((error) => this.#log(`${name} cannot be removed: ${errorToRecord(error).message}`));
    }
    this.#shrinking = false;
  }
}
