/** Number of iterations to run, decided from a sample of tiles. */
import { counted } from "shared/counted.ts";
import type { Measurement } from "shared/contract/pilot.ts";

/** A rule and its settings. */
interface StopRule {
  readonly stop: "divergence" | "held-out";
  /** With `divergence`: the least relative fall of the I-divergence that is worth another iteration. */
  readonly tolerance: number;
  /** Iterations are never more than this. */
  readonly most: number;
}

/** A number of iterations and what decided it. */
export interface StopDecision {
  readonly iterations: number;
  readonly reason: string;
}

/** Adds measurements of several tiles up, iteration by iteration, in the order given. */
export function sumMeasurements(tiles: readonly (readonly Measurement[])[]): Measurement[] {
  return tiles[0]!.map((first, at) => {
    const all = tiles.map((measurements) => measurements[at]!);
    const fit = all.reduce((sum, measurement) => sum + measurement.fit, 0);
    if (first.heldOut === undefined) return { iteration: first.iteration, fit };
    const heldOut = all.reduce((sum, measurement) => sum + measurement.heldOut!, 0);
    return { iteration: first.iteration, fit, heldOut };
  });
}

/**
 * Chooses the number of iterations.
 *
 * - `divergence`: the first iteration that lowered the I-divergence of the data by less than `tolerance` of what it was.
 * - `held-out`: the iteration that predicts the held-out photons best.
 *
 * @param measurements by rising iteration, from the start (0) to at most `most`; at least two
 */
export function chooseIterations(measurements: readonly Measurement[], rule: StopRule): StopDecision {
  return rule.stop === "divergence" ? settled(measurements, rule) : bestPrediction(measurements, rule);
}

function settled(measurements: readonly Measurement[], { tolerance, most }: StopRule): StopDecision {
  for (let at = 1; at < measurements.length; at++) {
    const [before, now] = [measurements[at - 1]!, measurements[at]!];
    const fall = (before.fit - now.fit) / (now.iteration - before.iteration);
    if (fall >= tolerance * before.fit && before.fit > 0) continue;
    const reason = `iteration ${now.iteration} lowered the I-divergence by less than ${tolerance} of it`;
    return { iterations: now.iteration, reason };
  }
  return {
    iterations: most,
    reason: `every iteration up to ${most} lowered the I-divergence by more than ${tolerance} of it`,
  };
}

function bestPrediction(measurements: readonly Measurement[], { most }: StopRule): StopDecision {
  const [first, ...others] = measurements.slice(1);
  const best = others.reduce((best, other) => other.heldOut! < best.heldOut! ? other : best, first!);
  const { iteration } = best;
  if (best === measurements.at(-1)) {
    return { iterations: most, reason: `held-out photons were predicted best by the most iterations allowed, ${most}` };
  }
  return {
    iterations: iteration,
    reason: `held-out photons were predicted best after ${counted(iteration, "iteration")}`,
  };
}
