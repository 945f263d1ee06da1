/** Shows how far a job is: a bar on a terminal, a line now and then elsewhere. */
import type { Io } from "../io.ts";

/** Progress as it is shown; a job's progress has all of it. */
export interface Shown {
  readonly tiles: number;
  readonly tilesDone: number;
  readonly tilesResumed: number;
  readonly etaSeconds?: number | undefined;
  readonly message?: string | undefined;
}

/** Elsewhere than on a terminal, a line at most this often. */
const LINE_INTERVAL_MILLISECONDS = 5000;

/** On a terminal, redrawn at most this often. */
const REDRAW_INTERVAL_MILLISECONDS = 100;

/** Draws on standard error until {@link ProgressDisplay.end}. */
export class ProgressDisplay {
  readonly #io: Io;
  readonly #pieces: string;
  readonly #now: () => number;
  #lastDrawn: number;
  #drawn = false;

  /**
   * @param pieces what the work is counted in
   * @param now a clock, milliseconds
   */
  constructor(io: Io, { pieces = "tiles", now = () => performance.now() } = {}) {
    this.#io = io;
    this.#pieces = pieces;
    this.#now = now;
    // The first line comes after an interval: a job that fails at once shows its error alone.
    this.#lastDrawn = now();
  }

  /** Takes the latest progress; messages are always shown. */
  update(shown: Shown): void {
    if (shown.message !== undefined) {
      this.#clear();
      this.#io.err(`${shown.message}\n`);
    }
    const { terminalColumns } = this.#io;
    const interval = terminalColumns === undefined ? LINE_INTERVAL_MILLISECONDS : REDRAW_INTERVAL_MILLISECONDS;
    if (this.#now() - this.#lastDrawn < interval) return;
    this.#lastDrawn = this.#now();
    if (terminalColumns === undefined) return this.#io.err(`${describe(shown, this.#pieces)}\n`);
    this.#io.clearLine();
    this.#io.err(bar(shown, this.#pieces, terminalColumns));
    this.#drawn = true;
  }

  /** Removes the bar, so that what follows stands on a line of its own. */
  end(): void {
    this.#clear();
  }

  #clear(): void {
    if (this.#drawn) this.#io.clearLine();
    this.#drawn = false;
  }
}

function bar(shown: Shown, pieces: string, columns: number): string {
  const text = describe(shown, pieces);
  const width = Math.min(40, columns - text.length - 4);
  if (width < 8) return text.slice(0, Math.max(0, columns - 1));
  const full = Math.round(width * shown.tilesDone / Math.max(1, shown.tiles));
  return `[${"#".repeat(full)}${"-".repeat(width - full)}] ${text}`;
}

function describe({ tiles, tilesDone, tilesResumed, etaSeconds }: Shown, pieces: string): string {
  const resumed = tilesResumed > 0 ? ` (${tilesResumed} from an earlier run)` : "";
  const eta = etaSeconds === undefined || tilesDone === tiles ? "" : `, about ${formatSeconds(etaSeconds)} left`;
  return `${tilesDone} of ${tiles} ${pieces}${resumed}${eta}`;
}

/** `1 h 05 min`, `3 min 20 s`, `12 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${pad(Math.floor(whole % 3600 / 60))} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${whole} s`;
}
