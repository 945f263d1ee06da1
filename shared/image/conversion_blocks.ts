/** How an image is cut to be stored anew within a budget of memory: chunks of the output, and blocks that are read whole. */
import type { ImageInfo } from "../contract/image_info.ts";
import { dtypeBytes } from "../dtype.ts";
import { ClearstackError } from "../errors.ts";
import type { Box, Vec3 } from "../geometry.ts";
import { mapAxes, SPATIAL_AXES, voxelCount } from "../geometry.ts";
import { formatBytes, READ_CONCURRENCY, WRITE_CONCURRENCY } from "../memory.ts";
import { CHUNK_TARGET } from "../output_chunk.ts";
import { spatialShape } from "../plan.ts";

/** What a process holds that does not grow with the image. */
const RUNTIME_BYTES = 220 * 2 ** 20;
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
  const source = alongSpace(image, image.chunkShape);
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

/** Memory that converting takes, bytes. */
export function cutBytes(image: ImageInfo, { block, chunk, concurrency, reads }: Cut): number {
  const voxelBytes = dtypeBytes(image.dtype);
  const sourceBytes = voxelBytes * image.chunkShape.reduce((product, side) => product * side, 1);
  const blockBytes = voxelBytes * (voxelCount(block) + 2 * WRITE_CONCURRENCY * voxelCount(chunk));
  return RUNTIME_BYTES + concurrency * (blockBytes + 2 * reads * sourceBytes);
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
  return voxelCount(blockGrid(image, block)) * outerLengths(image).reduce((product, length) => product * length, 1);
}

/** The block with this index: volumes outermost, then z, y, x, x fastest. */
export function blockAt(image: ImageInfo, block: Vec3, index: number): BlockPlace {
  const shape = spatialShape(image);
  const grid = blockGrid(image, block);
  const inVolume = index % voxelCount(grid);
  const at: Vec3 = [
    Math.floor(inVolume / (grid[1] * grid[2])),
    Math.floor(inVolume / grid[2]) % grid[1],
    inVolume % grid[2],
  ];
  let volume = Math.floor(index / voxelCount(grid));
  const outer = outerLengths(image).toReversed().map((length) => {
    const position = volume % length;
    volume = Math.floor(volume / length);
    return position;
  }).reverse();
  const start = mapAxes((axis) => at[axis] * block[axis]);
  return { index, outer, box: { start, shape: mapAxes((axis) => Math.min(block[axis], shape[axis] - start[axis])) } };
}

function blockGrid(image: ImageInfo, block: Vec3): Vec3 {
  const shape = spatialShape(image);
  return mapAxes((axis) => Math.ceil(shape[axis] / block[axis]));
}

function outerLengths({ axes, shape }: ImageInfo): number[] {
  return shape.filter((_, axis) => axes[axis]!.type !== "space");
}

function alongSpace({ axes }: ImageInfo, lengths: readonly number[]): Vec3 {
  return mapAxes((axis) => lengths[axes.findIndex(({ name }) => name === SPATIAL_AXES[axis])] ?? 1);
}

function roundUp(length: number, step: number): number {
  return Math.ceil(length / step) * step;
}

function leastCommonMultiple(a: number, b: number): number {
  let [large, small] = [a, b];
  while (small > 0) [large, small] = [small, large % small];
  return a / large * b;
}
