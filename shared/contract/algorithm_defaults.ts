/**
 * Defaults of an algorithm that depend on what a request names. Without any name it is the set that docs/algorithms.md finds best
 * for its time: edges unknown, heavy-ball momentum, a flat start. Each default rests on the one before:
 *
 * - boundary: `non-circulant`; `symmetric` with the Wiener-Butterworth projector, which has to observe the whole box.
 * - acceleration: `shb` where the boundary is `non-circulant`, else `none`: who names another boundary follows another program,
 *   or an older recipe, and those are plain Richardson-Lucy.
 * - start: `flat` for accelerated iterations where the boundary is `non-circulant`, else `data`. Momentum amplifies the noise that
 *   a start from the image brings along; plain iterations are slower from a constant.
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
  const areEdgesUnknown = (named.boundary ?? boundary) === "non-circulant";
  const acceleration = areEdgesUnknown ? "shb" : "none";
  const start = areEdgesUnknown && (named.acceleration ?? acceleration) !== "none" ? "flat" : "data";
  return { boundary, acceleration, start };
}

/** What is asked for, with the defaults that depend on it; anything but an object is left to the schema to refuse. */
export function withDependentDefaults<T>(asked: T): T {
  if (typeof asked !== "object" || asked === null || Array.isArray(asked)) return asked;
  const named = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  return { ...dependentDefaults(named), ...named } as T;
}
