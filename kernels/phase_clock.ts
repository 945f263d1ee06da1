/** When the parts of a run began and how long they took. */

/** Names of the parts of a run, in this order; a part that a backend does not have is missing. */
type PhaseName = "upload" | "wait" | "compute" | "download";

/** A part of a run. */
export interface Phase {
  readonly name: PhaseName;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly seconds: number;
}

/** Notes parts that follow each other without a gap, the first from now on. */
export class PhaseClock {
  readonly phases: Phase[] = [];
  #start = now();

  /** The part that has been going on ends, and the next one begins. */
  end(name: PhaseName): void {
    const end = now();
    this.phases.push({ name, start: this.#start, seconds: (end - this.#start) / 1000 });
    this.#start = end;
  }
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
