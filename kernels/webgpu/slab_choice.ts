/**
 * Which slabs are fastest is measured: whether what three passes hand over stays in the cache depends on its size, its ways and
 * on what a dispatch costs, none of which WebGPU tells. Slabs change no bit of a result, so the choice may differ from run to run.
 */
import type { Vec3 } from "shared/geometry.ts";

/** Bytes of a slab of the spectrum that are tried: the caches of current GPUs hold 4 to 100 MiB. */
const CANDIDATE_BYTES = [48, 24, 12, 6].map((mebibytes) => mebibytes * 2 ** 20);

/** Iterations timed per attempt, and attempts, of which the fastest counts. */
const ITERATIONS = 2;
const ATTEMPTS = 2;

/** Slabs cost dispatches; less gained is not worth them, and may be noise. */
const LEAST_GAIN = 0.03;

/** Planes of the slabs that are worth trying; without those of a box that is hardly larger. */
export function slabCandidates([nz, ny, nx]: Vec3): number[] {
  const planes = CANDIDATE_BYTES.map((bytes) => Math.floor(bytes / (4 * ny * nx)));
  return [...new Set(planes)].filter((count) => count >= 1 && 2 * count <= nz);
}

/**
 * The fastest of the candidates, or undefined where none beats the whole box.
 *
 * @param time runs so many iterations with slabs of so many planes and tells how long they took, in any unit
 */
export async function fastestSlabs(
  candidates: readonly number[],
  time: (slabPlanes: number | undefined, iterations: number) => Promise<number>,
): Promise<number | undefined> {
  const best = async (planes: number | undefined) => {
    let least = Infinity;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) least = Math.min(least, await time(planes, ITERATIONS));
    return least;
  };
  let chosen: number | undefined;
  let least = (1 - LEAST_GAIN) * await best(undefined);
  for (const planes of candidates) {
    const taken = await best(planes);
    if (taken < least) [chosen, least] = [planes, taken];
  }
  return chosen;
}
