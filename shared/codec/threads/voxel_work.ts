/**
 * Passes over all voxels of a box, for which the thread that feeds a GPU and talks to stores has no time. They read and write memory
 * that threads share, so that no voxel is sent.
 */
import { countValues } from "shared/decide/value_counts.ts";
import { quantiseCore } from "shared/image/write/quantise.ts";
import { findNotFinite } from "shared/volume/find_not_finite.ts";
import { reduceInto } from "shared/volume/mean_over.ts";

/** Each takes plain data and gives plain data, so that both can go to another thread. */
const PASSES = { countValues, findNotFinite, quantiseCore, reduceInto } as const;

type Passes = typeof PASSES;
export type PassName = keyof Passes;

/** What a pass is told. */
export type PassArguments<Name extends PassName> = Parameters<Passes[Name]>;
export type PassResult<Name extends PassName> = ReturnType<Passes[Name]>;

/** One pass, to a thread. */
export interface PassRequest {
  readonly pass: PassName;
  readonly told: PassArguments<PassName>;
}

/** Does a pass on this thread. */
export function doPass<Name extends PassName>(pass: Name, ...told: PassArguments<Name>): PassResult<Name> {
  const run = PASSES[pass] as unknown as (...told: PassArguments<Name>) => PassResult<Name>;
  return run(...told);
}
