/**
 * The first coarser level, cut as the full resolution is: what a tile of it is the mean of is then the core of one tile, and
 * whoever computes that has both in memory.
 */
import type { Level } from "shared/contract/level.ts";
import type { Plan } from "shared/contract/plan.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";

type Storage = Pick<Level, "chunk" | "shard">;

interface CutOptions {
  /** Spatial shape of the full resolution. */
  readonly shape: Vec3;
  /** Core of its tiles. */
  readonly tile: Vec3;
  /** Storage of a level of a shape in tiles of another, each of which owns whole objects; undefined where there is none. */
  readonly objects: (shape: Vec3, tile: Vec3) => Storage | undefined;
}

/** The levels with the first one cut as the full resolution is; as they were, where its objects would become much smaller. */
export function cutAsTiles(levels: Level[], { shape, tile, objects }: CutOptions): Level[] {
  const [first, ...others] = levels;
  if (first === undefined) return levels;
  const { factors } = first;
  const fillsCells = mapAxes((axis) => tile[axis] >= shape[axis] || tile[axis] % factors[axis] === 0);
  if (!fillsCells.every(Boolean)) return levels;
  const part = mapAxes((axis) => Math.ceil(Math.min(tile[axis], shape[axis]) / factors[axis]));
  const stored = objects(first.shape, part);
  if (stored === undefined || !isLarge(stored, first)) return levels;
  return [{ shape: first.shape, factors, ...stored, tile: part }, ...others];
}

/** Chunks of half as many voxels cost viewers little, and shards of an eighth make no more objects than the full resolution has. */
function isLarge({ chunk, shard = chunk }: Storage, { chunk: wanted, shard: wantedShard = wanted }: Storage): boolean {
  return 2 * voxelCount(chunk) >= voxelCount(wanted) && 8 * voxelCount(shard) >= voxelCount(wantedShard);
}

/** Full resolution and its levels. */
interface CutLevels extends Pick<Plan, "shape" | "tile"> {
  readonly levels: readonly Level[];
}

/** True if each tile of the first coarser level is made of the core of the tile with the same index, and of nothing else. */
export function isCutAsTiles({ levels: [first], shape, tile }: CutLevels): boolean {
  if (first === undefined) return false;
  return mapAxes((axis) =>
    tile[axis] >= shape[axis]
      ? first.tile[axis] >= first.shape[axis]
      : first.tile[axis] * first.factors[axis] === tile[axis]
  ).every(Boolean);
}
