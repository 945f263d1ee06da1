/**
 * Picks one of several ways that differ in nothing but time, by measuring them.
 */

/** Iterations timed per attempt, and attempts, of which the fastest counts. */
const ITERATIONS = 2;
const ATTEMPTS = 2;

/** Less gained over the default may be noise. */
const MIN_GAIN = 0.03;

/**
 * The fastest of the candidates, or undefined where none beats the default.
 *
 * @param time runs so many iterations with a candidate, undefined for the default, and tells how long they took, in any unit
 */
export async function fastest<T>(
  candidates: readonly T[],
  time: (candidate: T | undefined, iterations: number) => Promise<number>,
): Promise<T | undefined> {
  const best = async (candidate: T | undefined) => {
    let shortest = Infinity;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      shortest = Math.min(shortest, await time(candidate, ITERATIONS));
    }
    return shortest;
  };
  if (candidates.length === 0) return undefined;
  let chosen: T | undefined;
  let shortest = (1 - MIN_GAIN) * await best(undefined);
  for (const candidate of candidates) {
    const taken = await best(candidate);
    if (taken < shortest) [chosen, shortest] = [candidate, taken];
  }
  return chosen;
}
