/** Shows how far a job is: a bar on a terminal, a line now and then elsewhere. */
import { counted } from "shared/counted.ts";
import type { TaskProgress } from "functions/library/local_process.ts";
import type { Io } from "../io.ts";
import { TasksUnderWay } from "./tasks_under_way.ts";

/** Progress as it is shown; a job's progress has all of it. */
export interface Shown {
  readonly tiles: number;
  readonly tilesDone: number;
  readonly tilesResumed: number;
  readonly etaSeconds?: number | undefined;
  readonly message?: string | undefined;
}

/** Something is shown so soon; a job that fails before shows its error alone. */
const FIRST_MILLISECONDS = 500;

/** Elsewhere than on a terminal, a line at most this often. */
const LINE_INTERVAL_MILLISECONDS = 5000;

/** On a terminal, redrawn at most this often. */
const REDRAW_INTERVAL_MILLISECONDS = 100;

/** Shown while nothing is known yet. */
const PLANNING = "planning";

/** Draws on standard error until {@link ProgressDisplay.end}. */
export class ProgressDisplay {
  readonly #io: Io;
  readonly #piece: string;
  readonly #now: () => number;
  readonly #tasks: TasksUnderWay;
  #latest: Shown | undefined;
  #lastDrawn: number;
  #drawn = false;
  #lastLine: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param piece what the work is counted in
   * @param now a clock, milliseconds
   */
  constructor(io: Io, { piece = "tile", now = () => performance.now() } = {}) {
    this.#io = io;
    this.#piece = piece;
    this.#now = now;
    this.#tasks = new TasksUnderWay(now);
    // The first line comes after an interval: a job that fails at once shows its error alone.
    this.#lastDrawn = now();
  }

  /** Draws by the clock from now on, whether anything is new or not. */
  start(): void {
    this.#timer = setTimeout(() => {
      this.#draw();
      this.#timer = setInterval(() => this.#draw(), this.#interval());
    }, FIRST_MILLISECONDS);
  }

  /** Takes the latest progress; messages are always shown. */
  update(shown: Shown): void {
    if (shown.message !== undefined) {
      this.#clear();
      this.#io.err(`${shown.message}\n`);
    }
    this.#latest = shown;
    if (this.#now() - this.#lastDrawn >= this.#interval()) this.#draw();
  }

  /** Takes how far a task is; drawn with what comes next. */
  task(progress: TaskProgress): void {
    this.#tasks.note(progress);
  }

  /** Removes the bar, so that what follows stands on a line of its own. */
  end(): void {
    // One number names a timer of either kind.
    clearTimeout(this.#timer);
    this.#clear();
  }

  #interval(): number {
    return this.#io.terminalColumns === undefined ? LINE_INTERVAL_MILLISECONDS : REDRAW_INTERVAL_MILLISECONDS;
  }

  #draw(): void {
    this.#lastDrawn = this.#now();
    const { terminalColumns } = this.#io;
    const text = this.#latest === undefined ? PLANNING : this.#describe(this.#latest);
    if (terminalColumns === undefined) {
      // The same line again tells nothing.
      if (text !== this.#lastLine) this.#io.err(`${text}\n`);
      this.#lastLine = text;
      return;
    }
    this.#io.clearLine();
    this.#io.err(bar(text, this.#share(), terminalColumns));
    this.#drawn = true;
  }

  /** Share of the work that is done, 0 to 1. */
  #share(): number {
    if (this.#latest === undefined) return 0;
    const { tiles, tilesDone } = this.#latest;
    return Math.min(1, (tilesDone + this.#tasks.share("tiles")) / Math.max(1, tiles));
  }

  #describe(shown: Shown): string {
    const { tiles, tilesDone, tilesResumed } = shown;
    const resumed = tilesResumed > 0 ? ` (${tilesResumed.toLocaleString("en")} from an earlier run)` : "";
    const seconds = this.#tasks.secondsLeft(shown);
    const left = seconds === undefined || tilesDone === tiles ? "" : `, about ${formatSeconds(seconds)} left`;
    const done = tilesDone.toLocaleString("en");
    return `${done} of ${counted(tiles, this.#piece)}${resumed}${this.#tasks.describe()}${left}`;
  }

  #clear(): void {
    if (this.#drawn) this.#io.clearLine();
    this.#drawn = false;
  }
}

function bar(text: string, share: number, columns: number): string {
  const width = Math.min(40, columns - text.length - 4);
  if (width < 8) return text.slice(0, Math.max(0, columns - 1));
  const full = Math.round(width * share);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}] ${text}`;
}

/** `1 h 05 min`, `3 min 20 s`, `12 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${pad(Math.floor(whole % 3600 / 60))} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${whole} s`;
}
