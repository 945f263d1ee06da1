/** The coarser levels of a conversion, within its budget of memory. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Level } from "shared/contract/level.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { ClearstackError } from "shared/errors.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { levelTaskBytes } from "shared/plan/levels/level_memory.ts";
import { formatBytes, RUNTIME_BYTES, SHARDS_AT_ONCE, WRITE_CONCURRENCY } from "shared/plan/host_memory.ts";
import { outputObjects } from "shared/plan/output_objects.ts";
import { pyramidLevels, voxelSpacing } from "shared/plan/levels/pyramid.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import { volumeCount } from "shared/volume/volumes.ts";
import type { StorageWish } from "./conversion_blocks.ts";

/** Tiles of a level under way at the same time at most: while one is stored, others are read. */
const TILES_IN_FLIGHT = 4;

interface LevelsWish {
  /** Chunk of the full resolution, which has fewer planes where memory is short. */
  readonly chunk: Vec3;
  readonly output: StorageWish;
}

/**
 * The levels of an image, finest first: stored as those of deconvolved images are; in chunks of their own, or in such as the full
 * resolution has, where memory does not suffice. One tile of the latter fits in any budget that a block of such chunks fits in.
 *
 * @throws {ClearstackError} `over-budget` if the shards that were asked for do not fit
 */
export function conversionLevels(image: ImageInfo, { chunk, output }: LevelsWish, budgetBytes: number): Level[] {
  const spatial = spatialShape(image);
  const volumes = volumeCount(image);
  const voxelBytes = dtypeBytes(image.dtype);
  const stored = (wish: StorageWish) => (shape: Vec3) =>
    outputObjects({ ...wish, shape, tile: shape, volumes, voxelBytes });
  const small = (shape: Vec3) => ({ chunk: mapAxes((axis) => Math.min(chunk[axis], shape[axis])) });
  const asked = typeof output.shards !== "string";
  const ways = asked ? [stored(output)] : [stored(output), stored({ ...output, shards: "none" }), small];
  const tileVoxels = Math.floor((budgetBytes - RUNTIME_BYTES) / voxelBytes) - 2 * WRITE_CONCURRENCY * voxelCount(chunk);
  const choices = ways.map((objects) => pyramidLevels(spatial, { spacing: voxelSpacing(image), objects, tileVoxels }));
  const bytes = (levels: readonly Level[]) => levelsBytes(image, { chunk, levels });
  const levels = choices.find((levels) => bytes(levels) <= budgetBytes);
  if (levels !== undefined) return levels;
  const needed = Math.min(...choices.map(bytes));
  throw new ClearstackError(
    "over-budget",
    `a coarser level takes ${formatBytes(needed)} of memory, over the budget of ${formatBytes(budgetBytes)}: give ` +
      `${asked ? "smaller --shards, " : ""}--no-pyramid, or allow at least ` +
      `${Math.ceil(needed / 2 ** 20)}MiB with --memory`,
    { need: needed, limit: budgetBytes },
  );
}

/** Level from which the levels of a conversion are made. */
interface ConversionLevels {
  /** Of the full resolution. */
  readonly chunk: Vec3;
  readonly levels: readonly Level[];
}

/** Memory that it takes to write one tile of the levels, bytes. */
export function levelsBytes(image: ImageInfo, output: ConversionLevels): number {
  return RUNTIME_BYTES + shardsBytes(image, output) + tileBytes(image, output);
}

/** Number of level tiles that fit in a budget at the same time, at least 1. */
export function levelsAtOnce(image: ImageInfo, output: ConversionLevels, budgetBytes: number): number {
  const forTiles = budgetBytes - RUNTIME_BYTES - shardsBytes(image, output);
  const fitting = Math.floor(forTiles / Math.max(1, tileBytes(image, output)));
  return Math.max(1, Math.min(TILES_IN_FLIGHT, fitting));
}

function tileBytes(image: ImageInfo, { chunk, levels }: ConversionLevels): number {
  return levelTaskBytes(levels, { shape: spatialShape(image), chunk, voxelBytes: dtypeBytes(image.dtype) });
}

/** Shards that are put together, however many tiles they belong to. */
function shardsBytes({ dtype }: ImageInfo, { levels }: ConversionLevels): number {
  return SHARDS_AT_ONCE * dtypeBytes(dtype) * Math.max(0, ...levels.map(({ shard }) => shard ? voxelCount(shard) : 0));
}
