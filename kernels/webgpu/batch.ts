/**
 * Iterations of one submission: waiting costs 10 ms each time, and nothing can be cancelled in between.
 */

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
export function nextBatch(secondsPerIteration: number | undefined, lastBatch: number): number {
  if (secondsPerIteration === undefined) return 1;
  const wanted = Math.max(1, Math.floor(TARGET_SECONDS / secondsPerIteration));
  return Math.min(wanted, MAX_ITERATIONS, lastBatch > 0 ? lastBatch * MAX_GROWTH : MAX_ITERATIONS);
}
