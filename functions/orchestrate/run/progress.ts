/** Progress of a job, and the time that is left. */

/** Finished tiles that the rate is taken from: enough to even out tiles that finish in bursts, few enough to follow changes. */
const WINDOW = 24;

/** Counts tiles and estimates the time left. */
export class Progress {
  readonly tiles: number;
  readonly tilesResumed: number;
  readonly #now: () => number;
  /** Times at which the last tiles finished, seconds; the first entry is the start until the window is full. */
  readonly #marks: number[];
  #computed = 0;

  /**
   * @param tiles tiles of the whole job
   * @param tilesResumed those that an earlier run had finished
   * @param now a clock, seconds
   */
  constructor(tiles: number, tilesResumed: number, now = () => performance.now() / 1000) {
    this.tiles = tiles;
    this.tilesResumed = tilesResumed;
    this.#now = now;
    this.#marks = [now()];
  }

  /** Tiles finished in all. */
  get tilesDone(): number {
    return this.tilesResumed + this.#computed;
  }

  /** Tiles finished by this run. */
  get tilesComputed(): number {
    return this.#computed;
  }

  /** Notes that a tile finished. */
  tileDone(): void {
    this.#computed++;
    this.#marks.push(this.#now());
    if (this.#marks.length > WINDOW + 1) this.#marks.shift();
  }

  /** Seconds until the last tile is done, at the rate of the latest tiles; undefined before the first. */
  get etaSeconds(): number | undefined {
    const tiles = this.#marks.length - 1;
    if (tiles === 0) return undefined;
    const seconds = this.#marks.at(-1)! - this.#marks[0]!;
    return (this.tiles - this.tilesDone) * seconds / tiles;
  }
}
