/** The tiles of a view in the order in which they came to be there, told to whoever follows. */
import type { Tile } from "shared/contract/tile.ts";
import type { ViewEvent, ViewTileEvent } from "shared/contract/views/view.ts";
import { onAbort } from "shared/process/on_abort.ts";

/** Most tiles that are told as asked for. */
const MAX_UNDER_WAY = 64;

const NONE: readonly number[] = [];

/** Events that are kept for those who come later. */
const MAX_EVENTS = 100_000;

export class TileEvents {
  readonly #events: ViewTileEvent[] = [];
  readonly #followers = new Set<() => void>();
  /** Tiles that are asked for and not there; a list of its own for each state, so that followers see whether it is another. */
  #underWay: readonly number[] = [];
  #dropped = 0;
  #closed = false;

  add({ index, outer, core }: Tile, tilesDone: number): void {
    const sequence = this.#dropped + this.#events.length + 1;
    const { start: origin, shape } = core;
    this.#events.push({ sequence, type: "tile", index, outer, origin, shape, tilesDone });
    if (this.#events.length > MAX_EVENTS) {
      this.#events.shift();
      this.#dropped++;
    }
    for (const wake of this.#followers) wake();
  }

  /** Tells which tiles are asked for and not there; of more than a few, nobody could say which are computed. */
  work(indices: Iterable<number>): void {
    const all = [...indices];
    this.#underWay = all.length > MAX_UNDER_WAY ? [] : all;
    for (const wake of this.#followers) wake();
  }

  /** Ends all who follow. */
  close(): void {
    this.#closed = true;
    for (const wake of this.#followers) wake();
  }

  /** Events after the one with this number, then those to come, until the signal fires or there will be no more. */
  async *follow(after: number, signal: AbortSignal): AsyncGenerator<ViewEvent> {
    let seen: readonly number[] = NONE;
    for (let next = after + 1; !signal.aborted;) {
      next = Math.max(next, this.#dropped + 1);
      const event = this.#events[next - this.#dropped - 1];
      if (event !== undefined) {
        next = event.sequence + 1;
        yield event;
      } else if (this.#closed) return;
      else if (seen !== this.#underWay && seen.length + this.#underWay.length > 0) {
        seen = this.#underWay;
        yield { sequence: next - 1, type: "under-way", underWay: seen };
      } else await this.#news(signal);
    }
  }

  async #news(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#followers.add(resolve);
    using _leaving = onAbort(signal, resolve);
    await promise;
    this.#followers.delete(resolve);
  }
}
