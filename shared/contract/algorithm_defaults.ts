/**
 * Defaults of an algorithm that depend on what a request names. The set without any name is the one that docs/algorithms.md
 * finds best for its time: edges unknown, heavy-ball momentum, a flat start. Each default rests on the one before:
 *
 * - boundary: `non-circulant`; `symmetric` with the Wiener-Butterworth projector, which has to observe the whole box.
 * - acceleration: `shb` where the boundary is `non-circulant`. Another boundary is named by who follows another program or an
 *   older recipe, and those are plain Richardson-Lucy, so `none` there.
 * - start: `flat` for accelerated iterations, which would carry the noise of the image along; `data` for plain ones, which are
 *   slower from a constant.
 */
import type { Acceleration, BackProjector, Boundary, Start } from "./algorithm.ts";

interface Named {
  readonly backProjector: BackProjector;
  readonly boundary: Boundary;
  readonly acceleration: Acceleration;
  readonly start: Start;
}

/** The defaults beside what is named: of each setting what it is unless it is named itself, given all others. */
export function dependentDefaults(named: Partial<Named>): Omit<Named, "backProjector"> {
  const boundary = (named.backProjector ?? "matched") === "matched" ? "non-circulant" : "symmetric";
  const acceleration = (named.boundary ?? boundary) === "non-circulant" ? "shb" : "none";
  const start = (named.acceleration ?? acceleration) === "none" ? "data" : "flat";
  return { boundary, acceleration, start };
}

/** What is asked for, with the defaults that depend on it; anything but an object is left to the schema to refuse. */
export function withDependentDefaults<T>(asked: T): T {
  if (typeof asked !== "object" || asked === null || Array.isArray(asked)) return asked;
  const named = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  return { ...dependentDefaults(named), ...named } as T;
}
