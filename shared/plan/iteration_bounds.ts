/** The most iterations of a job whose number is decided later. */
import { counted } from "shared/counted.ts";
import type { Algorithm } from "shared/contract/algorithm.ts";
import type { Plan } from "shared/contract/plan.ts";
import { voxelCount } from "shared/volume/geometry.ts";

/** More than noise allows on any image that was taken with a camera; each further one would need more halo. */
const MOST_WITH_NOISE = 40;

/** The iterations that tiles are planned for: those that a halo has to keep from showing, and that time is estimated by. */
export function plannedIterations({ stop, iterations }: Pick<Algorithm, "stop" | "iterations">): number {
  return stop === "noise" ? Math.min(iterations, MOST_WITH_NOISE) : iterations;
}

/** ` for 40 iterations` where a job may run more than its time is estimated by, which it does where there is no noise; else empty. */
export function estimatedIterations(plan: Pick<Plan, "algorithm" | "grid" | "decisions">): string {
  const estimated = plannedIterations(plan.algorithm);
  return plan.decisions || estimated === mostIterations(plan) ? "" : ` for ${counted(estimated, "iteration")}`;
}

/** `20`, `at most 40`, or `at most 40, 150 without noise`: the iterations of a plan, for people. */
export function iterationWords(plan: Pick<Plan, "algorithm" | "grid">): string {
  const [planned, most] = [plannedIterations(plan.algorithm), mostIterations(plan)];
  if (plan.algorithm.stop === "fixed") return `${planned}`;
  return `at most ${planned}${most === planned ? "" : `, ${most} without noise`}`;
}

/** The most iterations that a plan allows: as many as are asked for in one tile, which has no seams. */
export function mostIterations({ algorithm, grid }: Pick<Plan, "algorithm" | "grid">): number {
  return voxelCount(grid) > 1 ? plannedIterations(algorithm) : algorithm.iterations;
}
