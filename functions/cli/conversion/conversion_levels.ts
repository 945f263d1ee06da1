/** The coarser levels of a conversion, within its budget of memory. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Level } from "shared/contract/level.ts";
import { dtypeBytes } from "shared/dtype.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/geometry.ts";
import { levelTaskBytes } from "shared/level_memory.ts";
import { RUNTIME_BYTES, WRITE_CONCURRENCY } from "shared/memory.ts";
import { pyramidLevels, voxelSpacing } from "shared/pyramid.ts";
import { spatialShape } from "shared/spatial.ts";

/** Tiles of a level under way at the same time at most: while one is stored, others are read. */
const TILES_IN_FLIGHT = 4;

/**
 * The levels of an image whose full resolution is stored in such chunks, which have fewer planes where memory is short; finest
 * first. One tile of them fits in any budget that a block of such chunks fits in.
 */
export function conversionLevels(image: ImageInfo, chunk: Vec3, budgetBytes: number): Level[] {
  const encoded = 2 * WRITE_CONCURRENCY * voxelCount(chunk);
  return pyramidLevels(spatialShape(image), {
    spacing: voxelSpacing(image),
    objects: (shape) => ({ chunk: mapAxes((axis) => Math.min(chunk[axis], shape[axis])) }),
    tileVoxels: Math.floor((budgetBytes - RUNTIME_BYTES) / dtypeBytes(image.dtype)) - encoded,
  });
}

/** What the levels of a conversion are made from. */
export interface ConversionLevels {
  /** Of the full resolution. */
  readonly chunk: Vec3;
  readonly levels: readonly Level[];
}

/** Memory that one tile of the levels takes, bytes. */
export function levelsBytes(image: ImageInfo, output: ConversionLevels): number {
  return RUNTIME_BYTES + tileBytes(image, output);
}

/** How many tiles of the levels fit in a budget at the same time, at least 1. */
export function levelsAtOnce(image: ImageInfo, output: ConversionLevels, budgetBytes: number): number {
  const fitting = Math.floor((budgetBytes - RUNTIME_BYTES) / Math.max(1, tileBytes(image, output)));
  return Math.max(1, Math.min(TILES_IN_FLIGHT, fitting));
}

function tileBytes(image: ImageInfo, { chunk, levels }: ConversionLevels): number {
  return levelTaskBytes(levels, { shape: spatialShape(image), chunk, voxelBytes: dtypeBytes(image.dtype) });
}
