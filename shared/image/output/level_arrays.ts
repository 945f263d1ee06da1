/** All resolutions of an output. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Level } from "shared/contract/level.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { StoredArray } from "shared/contract/stored_array.ts";
import { levelZero, type OutputOfRun } from "../zarr/level_zero.ts";
import { levelArray } from "./output_layout.ts";

/** An output, as far as its coarser levels depend on it. */
export interface LevelledOutput {
  /** Names the records of its tiles. */
  readonly planHash: string;
  /** Axes, lengths and channels of the full resolution. */
  readonly source: ImageInfo;
  /** Coarser levels, finest first. */
  readonly levels: readonly Level[];
  /** Full resolution, then each coarser level. */
  readonly arrays: readonly StoredArray[];
}

/** The arrays of an output: full resolution, then each coarser level in the same type. */
export function levelArrays(finest: StoredArray, levels: readonly Level[]): StoredArray[] {
  const { shard: _, ...common } = finest;
  const spatial = finest.axes.includes("z") ? 3 : 2;
  const coarser = levels.map(({ shape, chunk, shard }, index): StoredArray => ({
    ...common,
    array: levelArray(index + 1),
    shape: [...finest.shape.slice(0, -spatial), ...shape.slice(-spatial)],
    chunk,
    ...(shard ? { shard } : {}),
  }));
  return [finest, ...coarser];
}

/** The output of a plan. */
export function plannedOutput(plan: Plan, output: OutputOfRun): LevelledOutput {
  const { planHash, source, levels } = plan;
  return { planHash, source, levels, arrays: levelArrays(levelZero(plan, output), levels) };
}
