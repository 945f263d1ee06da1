/** Tiles of the coarser levels of a plan. */
import type { LevelTask } from "shared/contract/level.ts";
import type { Plan } from "shared/contract/plan.ts";
import { type Box, mapAxes } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import type { TileGrid } from "../tiles/tile_index.ts";

/** The grid of full resolution, then that of each coarser level. */
export function levelGrids(plan: Plan): TileGrid[] {
  const { outerShape, levels } = plan;
  const coarser = levels.map(({ shape, tile, chunk }) => ({
    ...{ outerShape, tile, chunk },
    grid: mapAxes((axis) => Math.ceil(shape[axis] / tile[axis])),
  }));
  return [plan, ...coarser];
}

/** What a task says of a tile of a level, from 1. */
export function levelTile(plan: Plan, level: number, index: number): Omit<LevelTask, "finer" | "output"> {
  const { shape, factors } = plan.levels[level - 1]!;
  const { grid, tile, outerShape } = levelGrids(plan)[level]!;
  const position = positionAt(index, [...outerShape, ...grid]);
  const start = mapAxes((axis) => position.at(axis - 3)! * tile[axis]);
  const core = { start, shape: mapAxes((axis) => Math.min(tile[axis], shape[axis] - start[axis])) };
  return { planHash: plan.planHash, level, factors, tile: { index, outer: position.slice(0, -3), core } };
}

/** The voxels of the level before that a box of a level is made of; the last may lie beyond its end. */
export function belowBox({ levels }: Plan, level: number, { start, shape }: Box): Box {
  const { factors } = levels[level - 1]!;
  return {
    start: mapAxes((axis) => start[axis] * factors[axis]),
    shape: mapAxes((axis) => shape[axis] * factors[axis]),
  };
}
