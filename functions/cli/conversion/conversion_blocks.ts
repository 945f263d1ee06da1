/**
 * Cuts an image so that it is stored anew within a budget of memory: chunks and shards of the output, and blocks that are read
 * whole.
 */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Box, formatVec3, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import {
  formatBytes,
  READ_CONCURRENCY,
  RUNTIME_BYTES,
  SHARDS_AT_ONCE,
  WRITE_CONCURRENCY,
} from "shared/plan/host_memory.ts";
import { CHUNK_TARGET } from "shared/plan/output_chunk.ts";
import { outputObjects, shardGranule } from "shared/plan/output_objects.ts";
import { windowBytes } from "shared/image/ome/channel_windows.ts";
import { alongSpatialAxes, spatialShape } from "shared/volume/spatial.ts";
import { positionAt } from "shared/volume/position.ts";
import { volumeCount, volumeGrid } from "shared/volume/volumes.ts";
import type { ConversionRequest } from "./conversion_record.ts";

/** Blocks are made no larger than this for the sake of fewer of them. */
const PLEASANT_BLOCK_BYTES = 64 * 2 ** 20;
const BLOCKS_IN_FLIGHT = 2;

/** Cut of an image. */
export interface Cut {
  /** Of the output, z, y, x. */
  readonly chunk: Vec3;
  /** Chunks of this many voxels share an object; divides the block. */
  readonly shard?: Vec3 | undefined;
  /** Voxels that are read and written at a time: whole stored objects. */
  readonly block: Vec3;
  /** Blocks under way at the same time. */
  readonly concurrency: number;
  /** Source chunks that are decoded at the same time, of each block. */
  readonly reads: number;
}

interface BlockPlace {
  readonly index: number;
  /** Index along the axes before z, y, x. */
  readonly outer: readonly number[];
  readonly box: Box;
}

/** Requested storage of the output. */
export type StorageWish = Pick<ConversionRequest["output"], "version" | "shards">;

type Concurrency = Pick<Cut, "concurrency" | "reads">;

/** Swift ones, and one that takes little memory. */
const CONCURRENCIES: readonly Concurrency[] = [
  { concurrency: BLOCKS_IN_FLIGHT, reads: READ_CONCURRENCY },
  { concurrency: 1, reads: READ_CONCURRENCY },
];
const THRIFTY: Concurrency = { concurrency: 1, reads: 1 };

/**
 * Cuts so that source chunks are read once where memory allows: blocks cover whole source chunks, of few planes if pages are large.
 * Chunks of many planes are worth more than speed, as they stay; shards are made of what a block holds, and are only worth it if
 * that takes no planes from the chunks.
 *
 * @throws {ClearstackError} `over-budget` with the need and the mend; `invalid-request` for shards that cannot be
 */
export function cutImage(image: ImageInfo, output: StorageWish, budgetBytes: number): Cut {
  const layouts = layoutsOf(image, output);
  const fits = (layout: Layout, concurrency: Concurrency) =>
    cutBytes(image, { ...layout, ...concurrency }) <= budgetBytes;
  for (const candidates of [CONCURRENCIES, [THRIFTY]]) {
    for (const layout of layouts) {
      const concurrency = candidates.find((concurrency) => fits(layout, concurrency));
      if (concurrency !== undefined) {
        return { ...grown(image, output, layout, (larger) => fits(larger, concurrency)), ...concurrency };
      }
    }
  }
  // Large source chunks are then read once for each block that they reach into.
  const least = layoutOf(image, output, smallestBlock(image, output));
  const concurrency = [...CONCURRENCIES, THRIFTY].find((concurrency) => fits(least, concurrency));
  if (concurrency !== undefined) return { ...least, ...concurrency };
  throw overBudget(image, { ...least, ...THRIFTY }, budgetBytes);
}

type Layout = Pick<Cut, "chunk" | "shard" | "block">;

/** Layouts whose blocks cover source chunks, those with the most planes first. */
function layoutsOf(image: ImageInfo, output: StorageWish): Layout[] {
  const source = alongSpatialAxes(image, image.chunkShape);
  const smallest = smallestBlock(image, output);
  const layouts: Layout[] = [];
  for (let planes = smallest[0]; planes >= 1; planes = Math.floor(planes / 2)) {
    const unit: Vec3 = [planes, smallest[1], smallest[2]];
    layouts.push(layoutOf(image, output, coveringBlock(spatialShape(image), unit, source)));
    // Those that were asked for have as many planes as they have.
    if (typeof output.shards !== "string") break;
  }
  return layouts;
}

/** Granule of a block: the shards that were asked for, else the chunk that viewers like. */
function smallestBlock(image: ImageInfo, { shards }: StorageWish): Vec3 {
  const shape = spatialShape(image);
  return shardGranule(shape, shards) ?? mapAxes((axis) => Math.min(CHUNK_TARGET[axis], shape[axis]));
}

/** The chunks and shards of an output that is written in such blocks. */
function layoutOf(image: ImageInfo, output: StorageWish, block: Vec3): Layout {
  const shape = spatialShape(image);
  const tile = mapAxes((axis) => Math.min(block[axis], shape[axis]));
  const voxelBytes = dtypeBytes(image.dtype);
  return { ...outputObjects({ ...output, shape, tile, volumes: volumeCount(image), voxelBytes }), block };
}

/** Doubles the sides of the block, x first, as long as it fits and there is more image to cover. */
function grown(image: ImageInfo, output: StorageWish, layout: Layout, fits: (layout: Layout) => boolean): Layout {
  const shape = spatialShape(image);
  const most = PLEASANT_BLOCK_BYTES / dtypeBytes(image.dtype);
  for (const axis of [2, 1, 0] as const) {
    while (layout.block[axis] < shape[axis] && 2 * voxelCount(layout.block) <= most) {
      const block = mapAxes((other) => other === axis ? 2 * layout.block[other] : layout.block[other]);
      const larger = layoutOf(image, output, block);
      if (!fits(larger)) break;
      layout = larger;
    }
  }
  return layout;
}

function overBudget(image: ImageInfo, cut: Cut, budgetBytes: number): ClearstackError {
  const { sources, shards } = cutMemory(image, cut);
  const needed = cutBytes(image, cut);
  const what = shards > sources
    ? `shards of ${formatVec3(cut.shard!)} ${image.dtype} take ` +
      `${formatBytes(shards)} of memory, and converting into them`
    : `one chunk of the source takes ${formatBytes(sources / 2)} decoded, and converting it`;
  return new ClearstackError(
    "over-budget",
    `${what} ${formatBytes(needed)}, over the budget of ${formatBytes(budgetBytes)}: ` +
      `${shards > sources ? "give smaller --shards, or " : ""}allow at least ` +
      `${Math.ceil(needed / 2 ** 20)}MiB with --memory`,
    { need: needed, limit: budgetBytes },
  );
}

/** Memory that it takes to write the full resolution, and to look at what was written, bytes. */
export function cutBytes(image: ImageInfo, cut: Cut): number {
  const { blocks, sources, chunks, shards } = cutMemory(image, cut);
  return RUNTIME_BYTES + Math.max(blocks + sources + chunks + shards, windowBytes(cut.chunk, dtypeBytes(image.dtype)));
}

/** Memory held while the full resolution is written, bytes. */
function cutMemory(image: ImageInfo, { block, chunk, shard, concurrency, reads }: Cut) {
  const voxelBytes = dtypeBytes(image.dtype);
  const sourceBytes = voxelBytes * image.chunkShape.reduce((product, side) => product * side, 1);
  return {
    blocks: concurrency * voxelBytes * voxelCount(block),
    // stored and decoded; of the process, however many blocks it reads
    sources: 2 * Math.min(READ_CONCURRENCY, concurrency * reads) * sourceBytes,
    chunks: 2 * WRITE_CONCURRENCY * voxelBytes * voxelCount(chunk),
    shards: shard === undefined ? 0 : SHARDS_AT_ONCE * voxelBytes * voxelCount(shard),
  };
}

/** Whole source chunks along every axis, and whole output chunks. */
function coveringBlock(shape: Vec3, chunk: Vec3, source: Vec3): Vec3 {
  return mapAxes((axis) => {
    const common = leastCommonMultiple(chunk[axis], source[axis]);
    // Sides without a small common multiple meet at the end of the image; until then some source chunks are read twice.
    const side = common <= 4 * Math.max(chunk[axis], source[axis]) ? common : roundUp(source[axis], chunk[axis]);
    return Math.min(side, roundUp(shape[axis], chunk[axis]));
  });
}

export function blockCount(image: ImageInfo, block: Vec3): number {
  return volumeCount(image) * voxelCount(blockGrid(image, block));
}

/** The block with this index: volumes outermost, then z, y, x, x fastest. */
export function blockAt(image: ImageInfo, block: Vec3, index: number): BlockPlace {
  const shape = spatialShape(image);
  const position = positionAt(index, [...volumeGrid(image), ...blockGrid(image, block)]);
  const start = mapAxes((axis) => position.at(axis - 3)! * block[axis]);
  const box = { start, shape: mapAxes((axis) => Math.min(block[axis], shape[axis] - start[axis])) };
  return { index, outer: position.slice(0, -3), box };
}

function blockGrid(image: ImageInfo, block: Vec3): Vec3 {
  const shape = spatialShape(image);
  return mapAxes((axis) => Math.ceil(shape[axis] / block[axis]));
}

function roundUp(length: number, step: number): number {
  return Math.ceil(length / step) * step;
}

function leastCommonMultiple(a: number, b: number): number {
  let [large, small] = [a, b];
  while (small > 0) [large, small] = [small, large % small];
  return a / large * b;
}
