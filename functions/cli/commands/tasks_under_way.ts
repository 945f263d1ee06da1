/** What is known of the tasks on the device while they run: their iterations, and the pace that follows. */
import type { TaskProgress } from "functions/library/local_process.ts";

/** Where a job stands, and what the time left would be if nothing were under way. */
interface Standing {
  readonly tiles: number;
  readonly tilesDone: number;
  readonly tilesResumed: number;
  readonly etaSeconds?: number | undefined;
}

type Kind = TaskProgress["kind"];

/** The tasks of one job. */
export class TasksUnderWay {
  readonly #now: () => number;
  readonly #tasks = new Map<string, TaskProgress & { readonly done: number }>();
  /** Pilots that have ended. */
  #pilots = 0;
  #tilesBegan: number | undefined;

  /** @param now a clock, milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  note({ done, ...task }: TaskProgress): void {
    const name = `${task.kind} ${task.index}`;
    if (task.kind === "tiles") this.#tilesBegan ??= this.#now();
    if (done !== undefined) {
      this.#tasks.set(name, { ...task, done });
    } else {
      this.#tasks.delete(name);
      if (task.kind === "pilots") this.#pilots++;
    }
  }

  /** Tasks of a kind that are done of those under way: two halves are one. */
  share(kind: Kind): number {
    let sum = 0;
    for (const task of this.#tasks.values()) if (task.kind === kind) sum += task.done / task.iterations;
    return sum;
  }

  /** The iterations of the task that is furthest; empty before the first of them. */
  describe(): string {
    const [furthest] = [...this.#tasks.values()].toSorted((a, b) => b.done / b.iterations - a.done / a.iterations);
    if (furthest === undefined || furthest.done === 0) return "";
    const { kind, done, iterations } = furthest;
    const what = { tiles: "", pilots: `pilot ${this.#pilots + 1}: `, seams: "seams: " }[kind];
    return `, ${what}iteration ${done.toLocaleString("en")} of ${iterations.toLocaleString("en")}`;
  }

  /** Seconds left at the pace measured so far, that of tiles under way included; undefined before the first iteration. */
  secondsLeft({ tiles, tilesDone, tilesResumed, etaSeconds }: Standing): number | undefined {
    const underWay = this.share("tiles");
    const left = tiles - tilesDone;
    if (etaSeconds !== undefined) return left === 0 ? 0 : etaSeconds * Math.max(0, 1 - underWay / left);
    if (underWay === 0 || this.#tilesBegan === undefined) return undefined;
    const seconds = (this.#now() - this.#tilesBegan) / 1000;
    const done = tilesDone - tilesResumed + underWay;
    return seconds * (left - underWay) / done;
  }
}
