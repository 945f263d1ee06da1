/** Memory of the tasks of levels, which begin once the tiles before them have given theirs back. */
import type { Plan } from "shared/contract/plan.ts";
import type { Level } from "shared/contract/level.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { CODEC_THREAD_BYTES, MAX_CODEC_THREADS, WRITE_CONCURRENCY } from "../host_memory.ts";
import { pieceShape } from "./pyramid.ts";

const FLOAT_BYTES = 4;

interface LevelBytesOptions extends LevelMemoryOptions {
  /** True where the memory of the tiles is kept, as is what threads share, or lies in another process. @default {false} */
  readonly tilesKept?: boolean;
}

interface LevelMemoryOptions {
  readonly levels: readonly Level[];
  readonly box: Vec3;
  readonly core: Vec3;
  /** Spatial shape of the finest level. */
  readonly shape: Vec3;
  /** Chunk of the finest level. */
  readonly outputChunk: Vec3;
  /** Of the output. */
  readonly voxelBytes: number;
  /** Tiles of the finest level in flight. */
  readonly concurrency: number;
}

/**
 * Bytes that tasks of levels take beyond what the tiles before them have given back; 0 if they fit in that. Beside a process of
 * tiles that keeps its memory, they have codec threads of their own.
 */
export function levelBytes({ tilesKept = false, ...options }: LevelBytesOptions): number {
  if (options.levels.length === 0) return 0;
  const tasks = inFlight(options) * taskBytes(options);
  return tilesKept ? tasks + MAX_CODEC_THREADS * CODEC_THREAD_BYTES : Math.max(0, tasks - tileBytes(options));
}

/** Tasks of levels in flight at the same time: as many as fit where the tiles were, and no more than those. */
export function levelConcurrency({ levels, box, tile, shape, chunk, outputDtype, concurrency }: Plan): number {
  const voxelBytes = dtypeBytes(outputDtype);
  return inFlight({ levels, box, core: tile, shape, outputChunk: chunk, voxelBytes, concurrency });
}

function inFlight(options: LevelMemoryOptions): number {
  const fitting = Math.floor(tileBytes(options) / taskBytes(options));
  return Math.max(1, Math.min(options.concurrency, fitting));
}

/** The box that was read, the estimate and the core of each tile. */
function tileBytes({ concurrency, box, core }: LevelMemoryOptions): number {
  return concurrency * FLOAT_BYTES * (2 * voxelCount(box) + voxelCount(core));
}

function taskBytes({ levels, shape, outputChunk: chunk, voxelBytes }: LevelMemoryOptions): number {
  return levelTaskBytes(levels, { shape, chunk, voxelBytes });
}

/**
 * Memory of the largest task: its tile; then the voxels that a piece of it is the mean of, their means, and the stored and decoded
 * bytes of the chunks that those are read from; in the end the chunks that it encodes. 0 without levels.
 *
 * @param finest spatial shape and chunk of the full resolution
 */
export function levelTaskBytes(
  levels: readonly Level[],
  { voxelBytes, ...finest }: { readonly shape: Vec3; readonly chunk: Vec3; readonly voxelBytes: number },
): number {
  const claims = levels.map(({ tile, shape, factors, chunk }, index) => {
    const finer = levels[index - 1] ?? finest;
    const core = mapAxes((axis) => Math.min(tile[axis], shape[axis]));
    return voxelBytes * (voxelCount(core) + Math.max(readingVoxels(finer, factors), writingVoxels(chunk)));
  });
  return Math.max(0, ...claims);
}

/** Pieces of a task that are read and reduced at the same time: as many as take no more memory than writing it does in the end. */
export function piecesAtOnce(
  { finer, factors, chunk }: Pick<Level, "factors" | "chunk"> & { readonly finer: Pick<Level, "shape" | "chunk"> },
): number {
  return Math.max(1, Math.floor(writingVoxels(chunk) / readingVoxels(finer, factors)));
}

/** Of the voxels of a piece, those that are read, stored, decoded and placed, and their means. */
function readingVoxels(finer: Pick<Level, "shape" | "chunk">, factors: Level["factors"]): number {
  const piece = pieceShape(finer.chunk, factors);
  const read = voxelCount(mapAxes((axis) => Math.min(piece[axis] * factors[axis], finer.shape[axis])));
  return voxelCount(piece) + 3 * read;
}

/** Of chunks that are encoded, before and after. */
function writingVoxels(chunk: Vec3): number {
  return 2 * WRITE_CONCURRENCY * voxelCount(chunk);
}
