/** Tiles and the chunks in them. */
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";

/** A grid of tiles over all volumes of an array: of full resolution or of a level. */
export interface TileGrid {
  /** Lengths of the axes before z, y, x. */
  readonly outerShape: readonly number[];
  /** Tiles along z, y, x. */
  readonly grid: Vec3;
  /** Core of a full tile. */
  readonly tile: Vec3;
  readonly chunk: Vec3;
}

/** Position of the tile in the grid that holds the chunk at a position. */
export function tilePosition({ tile, chunk }: Pick<TileGrid, "tile" | "chunk">, at: Vec3): Vec3 {
  return mapAxes((axis) => Math.floor(at[axis] * chunk[axis] / tile[axis]));
}

/** Index of a tile: volumes outermost, then z, y, x, x fastest. The inverse of `tileAt`. */
export function tileIndex({ outerShape, grid }: TileGrid, outer: readonly number[], position: Vec3): number {
  const shape = [...outerShape, ...grid];
  return [...outer, ...position].reduce((index, along, axis) => index * shape[axis]! + along, 0);
}

/** Tiles of one volume that a box reaches into. */
export function tilesIn(array: TileGrid, outer: readonly number[], { start, shape }: Box): number[] {
  const first = mapAxes((axis) => Math.max(0, Math.floor(start[axis] / array.tile[axis])));
  const counts = mapAxes((axis) => {
    const last = Math.floor((start[axis] + shape[axis] - 1) / array.tile[axis]);
    return Math.max(0, Math.min(last, array.grid[axis] - 1) - first[axis] + 1);
  });
  return Array.from({ length: voxelCount(counts) }, (_, place) => {
    const inside = positionAt(place, counts);
    return tileIndex(array, outer, mapAxes((axis) => first[axis] + inside[axis]!));
  });
}

/**
 * Tiles of one volume that hold some voxels.
 *
 * @param voxels positions along z, y and x; those below 0 are none
 */
export function tilesTouched(
  array: TileGrid,
  outer: readonly number[],
  voxels: readonly [Int32Array, Int32Array, Int32Array],
): number[] {
  const [zs, ys, xs] = mapAxes((axis) => [
    ...new Set([...voxels[axis]].filter((at) => at >= 0).map((at) => Math.floor(at / array.tile[axis]))),
  ]);
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((x) => tileIndex(array, outer, [z, y, x]))));
}

/** Positions of the chunks of a core. */
export function chunksOf({ start, shape }: Box, chunk: Vec3): Vec3[] {
  const first = mapAxes((axis) => start[axis] / chunk[axis]);
  const counts = mapAxes((axis) => Math.ceil(shape[axis] / chunk[axis]));
  return Array.from({ length: voxelCount(counts) }, (_, place) => {
    const inside = positionAt(place, counts);
    return mapAxes((axis) => first[axis] + inside[axis]!);
  });
}
