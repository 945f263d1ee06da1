/**
 * Iterations of one submission: nothing can be cancelled in between, and the device idles where the next one comes too late.
 */
import { ClearstackError } from "shared/errors.ts";

const TARGET_SECONDS = 0.5;
const MAX_ITERATIONS = 200;

/** A first measurement includes waiting, so that batches may grow only so fast on it. */
const MAX_GROWTH = 8;

/**
 * The next batch.
 *
 * @param secondsPerIteration as the last batch took, undefined before the first
 * @param lastBatch iterations of the batch before, 0 if there was none in this run
 */
function nextBatch(secondsPerIteration: number | undefined, lastBatch: number): number {
  if (secondsPerIteration === undefined) return 1;
  const wanted = Math.max(1, Math.floor(TARGET_SECONDS / secondsPerIteration));
  return Math.min(wanted, MAX_ITERATIONS, lastBatch > 0 ? lastBatch * MAX_GROWTH : MAX_ITERATIONS);
}

/** How to run iterations. */
interface Batches {
  /** The first iteration, and the one after the last. */
  readonly first: number;
  readonly end: number;
  /** Most iterations of a submission. */
  readonly most: number;
  /** True if the device must have ended one submission before the next may begin, since something is read in between. */
  readonly apart: boolean;
  /** What an iteration took before, if that is known. */
  readonly secondsPerIteration: number | undefined;
  readonly isCancelled: () => boolean;
  /** Records iterations, and returns what submits them. */
  readonly record: (steps: readonly number[]) => () => void;
  /** Resolves once everything that was submitted has ended. */
  readonly workDone: () => Promise<unknown>;
  /** Called when a submission has ended. */
  readonly ended: (steps: readonly number[]) => Promise<void>;
}

/**
 * Runs iterations in submissions, the next of which is there when one ends. Deno's `onSubmittedWorkDone` returns only when the work
 * is done, and its promise resolves up to 10 ms later, so what is recorded before it and submitted between the two follows at once;
 * browsers' returns immediately, so that two submissions are in flight.
 *
 * @returns seconds that an iteration took last
 * @throws {ClearstackError} `cancelled`, also if that came with the last submission
 */
export async function runBatches(batches: Batches): Promise<number | undefined> {
  const { first, end, most, apart, isCancelled, record, workDone, ended } = batches;
  let { secondsPerIteration } = batches;
  let running: readonly number[] | undefined;
  let begun = first;
  const goOn = () => {
    if (isCancelled()) throw new ClearstackError("cancelled", `stopped after ${begun} of ${end} iterations`);
  };
  for (let last = 0, since = performance.now(); begun < end || running;) {
    goOn();
    let next: readonly number[] | undefined;
    let submit: (() => void) | undefined;
    if (begun < end && !(apart && running)) {
      const size = Math.min(end - begun, nextBatch(secondsPerIteration, last), most);
      next = Array.from({ length: size }, (_, i) => begun + i);
      submit = record(next);
      begun += size;
      last = size;
    }
    const done = running && workDone();
    submit?.();
    if (running) {
      await done;
      const now = performance.now();
      secondsPerIteration = (now - since) / 1000 / running.length;
      await ended(running);
      since = apart ? performance.now() : now;
    }
    running = next;
  }
  goOn();
  return secondsPerIteration;
}
