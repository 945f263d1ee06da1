/** A job in shares, for processes that have nothing between them but its output. */

/** The tiles of one of several processes: those whose index, divided by `of`, leaves `index`. */
export interface Share {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/** What a process came to that has done its share while tiles of others are missing. */
export interface ShareResult {
  readonly share: Share;
  readonly output: string;
  /** Of the whole job. */
  readonly tiles: number;
  /** By this run. */
  readonly tilesComputed: number;
  /** Of other shares. */
  readonly tilesMissing: number;
}
