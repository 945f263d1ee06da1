/** The messages that a job sends out once its tiles are finished: the tiles of one coarser level. */
import type { LevelTask } from "shared/contract/level.ts";
import type { Plan } from "shared/contract/plan.ts";
import { mapAxes, voxelCount } from "shared/geometry.ts";
import { levelArrays } from "shared/image/level_arrays.ts";
import { positionAt } from "shared/position.ts";
import { levelGrid } from "shared/pyramid.ts";

/** Which tasks to make. */
export interface LevelTaskOptions {
  readonly plan: Plan;
  /** URL of the output. */
  readonly url: string;
  /** Level, from 1. */
  readonly level: number;
  /** Tiles of the level that are finished already. */
  readonly done: ReadonlySet<number>;
}

/** Tasks of all tiles of a level still to do, by index: volumes (t, c) outermost, then z, y, x, x fastest. */
export function* levelTasks({ plan, url, level, done }: LevelTaskOptions): Generator<LevelTask> {
  const arrays = levelArrays(plan, url);
  const { factors } = plan.levels[level - 1]!;
  const tiles = levelTileCount(plan, level);
  for (let index = 0; index < tiles; index++) {
    if (done.has(index)) continue;
    const tile = levelTileAt(plan, level, index);
    yield { planHash: plan.planHash, level, finer: arrays[level - 1]!, factors, output: arrays[level]!, tile };
  }
}

/** The tile of a level with this index. */
export function levelTileAt({ levels, outerShape }: Plan, level: number, index: number): LevelTask["tile"] {
  const { shape, tile } = levels[level - 1]!;
  const position = positionAt(index, [...outerShape, ...levelGrid(levels[level - 1]!)]);
  const start = mapAxes((axis) => position.at(axis - 3)! * tile[axis]);
  const core = { start, shape: mapAxes((axis) => Math.min(tile[axis], shape[axis] - start[axis])) };
  return { index, outer: position.slice(0, -3), core };
}

/** Tiles of a level, all volumes together. */
export function levelTileCount({ levels, outerShape }: Plan, level: number): number {
  return outerShape.reduce((product, length) => product * length, voxelCount(levelGrid(levels[level - 1]!)));
}
