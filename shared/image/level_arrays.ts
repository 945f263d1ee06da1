/** All resolutions of an output. */
import type { Plan } from "../contract/plan.ts";
import type { StoredArray } from "../contract/stored_array.ts";
import { levelZero } from "./level_zero.ts";
import { levelArray } from "./output_layout.ts";

/** The arrays of the output of a plan at `url`: full resolution, then each coarser level. */
export function levelArrays(plan: Plan, url: string): StoredArray[] {
  const { shard: _, ...finest } = levelZero(plan, url);
  const spatial = finest.axes.includes("z") ? 3 : 2;
  const coarser = plan.levels.map(({ shape, chunk, shard }, index): StoredArray => ({
    ...finest,
    array: levelArray(index + 1),
    shape: [...finest.shape.slice(0, -spatial), ...shape.slice(-spatial)],
    chunk,
    ...(shard ? { shard } : {}),
  }));
  return [levelZero(plan, url), ...coarser];
}
