/**
 * How successive estimates are extrapolated, in float64.
 */
import type { Acceleration } from "kernels/deconvolver.ts";

/** One Richardson-Lucy step from any non-negative estimate; `updates` counts those applied before. */
export type Step = (estimate: Float64Array, updates: number) => Float64Array;

/** How long to go on, and the least that any voxel is extrapolated to. */
export interface Course {
  readonly iterations: number;
  readonly floor: number;
}

/** The estimate after a number of iterations from a start. */
export type Iterate = (start: Float64Array, step: Step, course: Course) => Float64Array;

/** Each acceleration by its name. */
export const ITERATIONS: Readonly<Record<Acceleration, Iterate>> = {
  none: plain,
  shb: scaledHeavyBall,
  biggs: biggsAndrews,
};

function plain(start: Float64Array, step: Step, { iterations }: Course): Float64Array {
  let estimate = start;
  for (let k = 1; k <= iterations; k++) estimate = step(estimate, k - 1);
  return estimate;
}

/** Wang & Miller, IEEE Trans. Image Process. 23 (2014) 848-854, with the momentum `(k - 1) / (k + 2)` that deconwolf uses. */
function scaledHeavyBall(start: Float64Array, step: Step, { iterations, floor }: Course): Float64Array {
  let previous: Float64Array = start.map((u) => Math.max(u, floor));
  let estimate: Float64Array = previous;
  for (let k = 1; k <= iterations; k++) {
    const next = step(extrapolate(estimate, previous, { momentum: (k - 1) / (k + 2), floor }), k - 1);
    previous = estimate;
    estimate = next;
  }
  return estimate;
}

/** Biggs & Andrews, Appl. Opt. 36 (1997) 1766-1775. */
function biggsAndrews(start: Float64Array, step: Step, { iterations, floor }: Course): Float64Array {
  let previous: Float64Array = start.map((u) => Math.max(u, floor));
  let estimate: Float64Array = previous;
  let change = new Float64Array(start.length);
  let momentum = 0;
  for (let k = 1; k <= iterations; k++) {
    const predicted = extrapolate(estimate, previous, { momentum, floor });
    const next = step(predicted, k - 1);
    const nextChange = next.map((u, i) => u - predicted[i]);
    const norm = dot(change, change);
    momentum = norm > 0 ? Math.min(1, Math.max(0, dot(nextChange, change) / norm)) : 0;
    [previous, estimate, change] = [estimate, next, nextChange];
  }
  return estimate;
}

/** `max(floor, estimate + momentum * (estimate - previous))`. */
function extrapolate(
  estimate: Float64Array,
  previous: Float64Array,
  { momentum, floor }: { momentum: number; floor: number },
): Float64Array {
  return estimate.map((u, i) => Math.max(floor, u + momentum * (u - previous[i])));
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, i) => total + value * b[i], 0);
}
