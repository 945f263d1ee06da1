/** How an image is cut to be stored anew within a budget of memory: chunks of the output, and blocks that are read whole. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { dtypeBytes } from "shared/dtype.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Box, Vec3 } from "shared/geometry.ts";
import { mapAxes, voxelCount } from "shared/geometry.ts";
import { formatBytes, READ_CONCURRENCY, RUNTIME_BYTES, WRITE_CONCURRENCY } from "shared/memory.ts";
import { CHUNK_TARGET } from "shared/output_chunk.ts";
import { windowBytes } from "shared/image/channel_windows.ts";
import { alongSpatialAxes, spatialShape } from "shared/spatial.ts";
import { positionAt } from "shared/position.ts";
import { volumeCount, volumeGrid } from "shared/volumes.ts";

/** Blocks are made no larger than this for the sake of fewer of them. */
const PLEASANT_BLOCK_BYTES = 64 * 2 ** 20;
const BLOCKS_IN_FLIGHT = 2;

/** How the image is cut. */
export interface Cut {
  /** Of the output, z, y, x. */
  readonly chunk: Vec3;
  /** What is read and written at a time: whole chunks. */
  readonly block: Vec3;
  /** Blocks under way at the same time. */
  readonly concurrency: number;
  /** Source chunks that are decoded at the same time, of each block. */
  readonly reads: number;
}

/** One block. */
export interface BlockPlace {
  readonly index: number;
  /** Index along the axes before z, y, x. */
  readonly outer: readonly number[];
  readonly box: Box;
}

/**
 * Cuts so that source chunks are read once where memory allows: blocks cover whole source chunks, of few planes if pages are large.
 *
 * @throws {ClearstackError} `over-budget` with the need and the mend
 */
export function cutImage(image: ImageInfo, budgetBytes: number): Cut {
  const shape = spatialShape(image);
  const voxelBytes = dtypeBytes(image.dtype);
  const source = alongSpatialAxes(image, image.chunkShape);
  const sourceBytes = voxelBytes * image.chunkShape.reduce((product, side) => product * side, 1);
  const bytes = (block: Vec3, chunk: Vec3, mode: Pick<Cut, "concurrency" | "reads">) =>
    cutBytes(image, { block, chunk, ...mode });
  const modes = [
    { concurrency: BLOCKS_IN_FLIGHT, reads: READ_CONCURRENCY },
    { concurrency: 1, reads: READ_CONCURRENCY },
    { concurrency: 1, reads: 1 },
  ];
  for (const mode of modes) {
    for (let planes = Math.min(CHUNK_TARGET[0], shape[0]); planes >= 1; planes = Math.floor(planes / 2)) {
      const chunk = mapAxes((axis) => axis === 0 ? planes : Math.min(CHUNK_TARGET[axis], shape[axis]));
      const block = coveringBlock(shape, chunk, source);
      if (bytes(block, chunk, mode) <= budgetBytes) {
        const fits = (larger: Vec3) =>
          voxelBytes * voxelCount(larger) <= PLEASANT_BLOCK_BYTES && bytes(larger, chunk, mode) <= budgetBytes;
        return { chunk, block: grownBlock(shape, block, fits), ...mode };
      }
    }
  }
  // Large source chunks are then read once for each block that they reach into.
  const last = modes.at(-1)!;
  const chunk = mapAxes((axis) => Math.min(CHUNK_TARGET[axis], shape[axis]));
  const least = bytes(chunk, chunk, last);
  if (least <= budgetBytes) return { chunk, block: chunk, ...last };
  throw new ClearstackError(
    "over-budget",
    `one chunk of the source takes ${formatBytes(sourceBytes)} decoded, and converting it ${
      formatBytes(least)
    } of memory, ` +
      `over the budget of ${formatBytes(budgetBytes)}: allow at least ${Math.ceil(least / 2 ** 20)}MiB with --memory`,
  );
}

/** Memory that it takes to write the full resolution, and to look at what was written, bytes. */
export function cutBytes(image: ImageInfo, { block, chunk, concurrency, reads }: Cut): number {
  const voxelBytes = dtypeBytes(image.dtype);
  const sourceBytes = voxelBytes * image.chunkShape.reduce((product, side) => product * side, 1);
  const blockBytes = voxelBytes * (voxelCount(block) + 2 * WRITE_CONCURRENCY * voxelCount(chunk));
  const writing = concurrency * (blockBytes + 2 * reads * sourceBytes);
  return RUNTIME_BYTES + Math.max(writing, windowBytes(chunk, voxelBytes));
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

/** Doubles the sides, x first, as long as it fits and there is more image to cover. */
function grownBlock(shape: Vec3, block: Vec3, fits: (block: Vec3) => boolean): Vec3 {
  for (const axis of [2, 1, 0] as const) {
    for (;;) {
      const larger = mapAxes((other) => other === axis ? 2 * block[other] : block[other]);
      if (block[axis] >= shape[axis] || !fits(larger)) break;
      block = larger;
    }
  }
  return block;
}

/** How many blocks an image has. */
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
