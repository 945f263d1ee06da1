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
  let point = start;
  let estimate = start;
  for (let k = 1; k <= iterations; k++) {
    const previous = estimate;
    estimate = step(point, k - 1);
    point = extrapolate(estimate, previous, { momentum: k / (k + 3), floor });
  }
  return estimate;
}

/** Biggs & Andrews, Appl. Opt. 36 (1997) 1766-1775. */
function biggsAndrews(start: Float64Array, step: Step, { iterations, floor }: Course): Float64Array {
  let point = start;
  let estimate = start;
  let change = new Float64Array(start.length);
  for (let k = 1; k <= iterations; k++) {
    const [previous, previousChange] = [estimate, change];
    estimate = step(point, k - 1);
    change = Float64Array.from(estimate, (u, i) => u - point[i]);
    const norm = dot(previousChange, previousChange);
    const momentum = norm > 0 ? Math.min(1, Math.max(0, dot(change, previousChange) / norm)) : 0;
    point = extrapolate(estimate, previous, { momentum, floor });
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
