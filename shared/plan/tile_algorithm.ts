/** From what a job asks for to the numbers that its tiles compute with. */
import { createHash } from "node:crypto";
import { saturationLevel } from "./algorithm_rules.ts";
import { needsRange } from "./output_intensity.ts";
import type { Algorithm } from "shared/contract/algorithm.ts";
import type { Decisions, TileAlgorithm } from "shared/contract/decisions.ts";
import type { Plan } from "shared/contract/plan.ts";
import { ClearstackError } from "shared/errors.ts";

/** Tells whether an algorithm needs something decided by the image. */
export function needsPilot(algorithm: Algorithm): boolean {
  const { background, stop, totalVariation, acceleration, boundary } = algorithm;
  // Total variation and extrapolation smooth and clip in proportion to the scale of the image; what lies beyond a non-circulant
  // edge starts from its mean.
  return background === "auto" || stop !== "fixed" || totalVariation > 0 || acceleration !== "none" ||
    boundary === "non-circulant";
}

/** Tells whether a plan leaves anything open that must be decided for the whole image before the first tile. */
export function leavesOpen(plan: Pick<Plan, "algorithm" | "outputDtype" | "outputRange" | "decisions">): boolean {
  return plan.decisions === undefined && (needsPilot(plan.algorithm) || needsRange(plan));
}

/**
 * What is added to voxels so that a negative background becomes 0: the counts of signed types that store them from their least
 * value on. The model's light cannot be negative.
 */
export function voxelOffset(background: number | "auto"): number {
  return background === "auto" ? 0 : Math.max(0, -background);
}

/** The plan with what a pilot decided; its hash also stands for the decisions. */
export function decidedPlan(plan: Plan, decisions: Decisions): Plan {
  const { iterations, range = [], channels = [] } = decisions;
  const ofChannels = [decisions, ...channels].map(({ background, scale, mean }) => [background, scale, mean]);
  const counts = channels.flatMap((channel) => channel.iterations ?? []);
  const numbers = JSON.stringify([plan.planHash, iterations, ...ofChannels.flat(), ...range, ...counts]);
  return { ...plan, planHash: createHash("sha256").update(numbers).digest("hex"), decisions };
}

/**
 * Algorithm of the tiles of one channel of a plan.
 *
 * @throws {ClearstackError} `internal` if a pilot has yet to decide
 */
export function tileAlgorithm(
  { algorithm, decisions, source }: Pick<Plan, "algorithm" | "decisions" | "source">,
  channel: number,
): TileAlgorithm {
  if (needsPilot(algorithm) && !decisions) throw new ClearstackError("internal", "the plan lacks what a pilot decides");
  const { stop: _, stopTolerance: __, seed: ___, saturation: ____, photonsPerUnit = 1, ...settings } = algorithm;
  const own = decisions?.channels?.[channel] ?? decisions;
  const background = own?.background ?? (settings.background === "auto" ? 0 : settings.background);
  const offset = voxelOffset(background);
  const saturation = saturationLevel(algorithm, source.dtype);
  return {
    ...settings,
    iterations: own?.iterations ?? decisions?.iterations ?? settings.iterations,
    background: background + offset,
    ...(offset === 0 ? {} : { offset }),
    // An I-divergence of t units is one of t * photonsPerUnit photons, and the kernels compare it with the square of this.
    dampingSigmas: settings.dampingSigmas / Math.sqrt(photonsPerUnit),
    ...(saturation === undefined ? {} : { saturation: saturation + offset }),
    ...(own?.scale === undefined ? {} : { scale: own.scale }),
    ...(own?.mean === undefined ? {} : { mean: own.mean }),
  };
}
