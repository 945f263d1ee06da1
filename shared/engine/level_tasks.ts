/** The messages that are sent out once the level before is complete: the tiles of one coarser level. */
import type { Level, LevelTask } from "shared/contract/level.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import type { LevelledOutput } from "shared/image/output/level_arrays.ts";
import { positionAt } from "shared/volume/position.ts";
import { levelGrid } from "shared/plan/levels/pyramid.ts";
import { volumeCount, volumeGrid } from "shared/volume/volumes.ts";

interface LevelTaskOptions {
  /** Level, from 1. */
  readonly level: number;
  /** Tiles of the level that are finished already. */
  readonly done: ReadonlySet<number>;
}

/** Tasks of all tiles of a level still to do, by index: volumes (t, c) outermost, then z, y, x, x fastest. */
export function* levelTasks(output: LevelledOutput, { level: number, done }: LevelTaskOptions): Generator<LevelTask> {
  const { planHash, source, levels, arrays } = output;
  const level = levels[number - 1]!;
  const [finer, coarser] = [arrays[number - 1]!, arrays[number]!];
  const tiles = volumeCount(source) * voxelCount(levelGrid(level));
  for (let index = 0; index < tiles; index++) {
    if (done.has(index)) continue;
    const tile = levelTileAt(level, volumeGrid(source), index);
    yield { planHash, level: number, finer, factors: level.factors, output: coarser, tile };
  }
}

/** A tile of a level, among the volumes (t, c) of this grid. */
export function levelTileAt(level: Level, volumes: readonly number[], index: number): LevelTask["tile"] {
  const { shape, tile } = level;
  const position = positionAt(index, [...volumes, ...levelGrid(level)]);
  const start = mapAxes((axis) => position.at(axis - 3)! * tile[axis]);
  const core = { start, shape: mapAxes((axis) => Math.min(tile[axis], shape[axis] - start[axis])) };
  return { index, outer: position.slice(0, -3), core };
}
