/** The full resolution of an output. */
import type { Plan } from "shared/contract/plan.ts";
import type { StoredArray } from "shared/contract/stored_array.ts";
import { outputIntensity } from "shared/plan/output_intensity.ts";
import { LEVEL_0 } from "../output/output_layout.ts";

/** Output of a run. */
export interface OutputOfRun {
  readonly url: string;
  /** Left out where there is no record to compare it with. */
  readonly run?: string | undefined;
}

/** The array that the tiles of a plan make up. */
export function levelZero(plan: Plan, { url, run }: OutputOfRun): StoredArray {
  const { source, shape, outerShape, omeVersion, outputDtype: dtype, chunk, shard } = plan;
  const intensity = outputIntensity(plan);
  const axes = source.axes.map((axis) => axis.name);
  return {
    url,
    array: LEVEL_0,
    ...(run === undefined ? {} : { run }),
    version: omeVersion,
    dtype,
    ...(intensity ? { intensity } : {}),
    axes,
    shape: [...outerShape, ...(axes.includes("z") ? shape : shape.slice(1))],
    chunk,
    ...(shard ? { shard } : {}),
  };
}
