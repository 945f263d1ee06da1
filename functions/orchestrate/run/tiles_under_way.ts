/** The tiles of a run that are handed out and not done yet. */
import type { TileTask } from "shared/contract/tile.ts";

/** Tiles that begin are told at most this often, milliseconds: what follows is told with the next tile that is done. */
const TOLD_EVERY_MS = 250;

/** Of more than so many tiles, which an engine elsewhere queues, nobody could say which are computed. */
const MAX_TOLD = 64;

export class TilesUnderWay {
  readonly #indices = new Set<number>();
  #toldMs = -Infinity;

  /** Their indices; none where there are too many to mean anything. */
  get indices(): readonly number[] {
    return this.#indices.size > MAX_TOLD ? [] : [...this.#indices];
  }

  /**
   * Passes tasks on, noting each as it is taken.
   *
   * @param begun called when tiles have begun
   */
  *watch(tasks: Iterable<TileTask>, begun: () => void): Generator<TileTask> {
    for (const task of tasks) {
      this.#indices.add(task.tile.index);
      if (performance.now() - this.#toldMs >= TOLD_EVERY_MS) {
        this.#toldMs = performance.now();
        begun();
      }
      yield task;
    }
  }

  /** Notes that a tile is done. */
  end(index: number): void {
    this.#indices.delete(index);
  }
}
