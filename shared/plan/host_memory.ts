/** Host memory that one process needs for a job, in named terms, bytes. What the kernels need comes from the kernels. */
import type { MemoryTerms } from "shared/contract/plan.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";

/** Source chunks that a process fetches and decodes at the same time, see image/chunks_at_once.ts. */
export const READ_CONCURRENCY = 8;

/** Output chunks that a process encodes and writes at the same time. */
export const WRITE_CONCURRENCY = 4;

/** Shards that a process assembles and sends at the same time. */
export const SHARDS_AT_ONCE = 2;

/** Memory of a process that does not grow with tiles or blocks: Deno, the libraries, the compute Workers. */
export const RUNTIME_BYTES = 256 * 2 ** 20;

/** Threads that a process codes chunks on beside a GPU, at most, and the memory of one: an isolate, and the buffers that it keeps. */
export const MAX_CODEC_THREADS = 8;
export const CODEC_THREAD_BYTES = 64 * 2 ** 20;

const FLOAT_BYTES = 4;

/**
 * Of what tiles in flight hold, the share that was given back and is still there: the allocator and the collector take their time.
 * Measured with `deno task bench:memory`, where glibc's allocator is told to keep less, see docs/engine.md.
 */
const LINGERING = 0.3;

/** Copies of a chunk on its way to a store: as it is, encoded, hashed for a signature, and as the body of a request. */
const COPIES_WRITTEN = 4;

interface HostMemoryOptions {
  readonly box: Vec3;
  readonly core: Vec3;
  /** Means of the core that are written with it, if they are. */
  readonly levelCore?: Vec3 | undefined;
  readonly outputChunk: Vec3;
  /** Sharding of the output, if any. */
  readonly outputShard?: Vec3 | undefined;
  /** Of the output. */
  readonly voxelBytes: number;
  readonly sourceChunkBytes: number;
  /** Tiles in flight. */
  readonly concurrency: number;
  /** True if chunks are coded on threads. */
  readonly codecThreads: boolean;
  /** True if a pilot splits boxes into kept and held-out photons. */
  readonly holdsOut: boolean;
}

/** Host bytes for tiles in flight, without the kernels' own buffers. */
export function hostMemory(options: HostMemoryOptions): MemoryTerms {
  const { concurrency, voxelBytes, levelCore } = options;
  const boxBytes = FLOAT_BYTES * voxelCount(options.box);
  // Integers that stand for a core lie beside it until it is freed.
  const coreBytes = (FLOAT_BYTES + (voxelBytes < FLOAT_BYTES ? voxelBytes : 0)) * voxelCount(options.core) +
    (levelCore ? voxelBytes * voxelCount(levelCore) : 0);
  return {
    runtime: RUNTIME_BYTES,
    ...(options.codecThreads ? { codecThreads: MAX_CODEC_THREADS * CODEC_THREAD_BYTES } : {}),
    boxesRead: concurrency * boxBytes,
    estimates: concurrency * boxBytes,
    ...(options.holdsOut ? { photonSplits: concurrency * boxBytes } : {}),
    cores: concurrency * coreBytes,
    lingering: Math.ceil(LINGERING * concurrency * (2 * boxBytes + coreBytes)),
    // stored and decoded bytes of each chunk under way; stored ones are taken as incompressible
    sourceChunks: 2 * READ_CONCURRENCY * options.sourceChunkBytes,
    outputChunks: COPIES_WRITTEN * WRITE_CONCURRENCY * voxelBytes * voxelCount(options.outputChunk),
    ...(options.outputShard ? { outputShards: SHARDS_AT_ONCE * voxelBytes * voxelCount(options.outputShard) } : {}),
  };
}

export function totalBytes(terms: MemoryTerms): number {
  return Object.values(terms).reduce((sum, bytes) => sum + bytes, 0);
}

/** `1.5 GiB`, for messages. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit === 0 ? bytes : bytes.toFixed(bytes < 10 ? 2 : 1)} ${units[unit]}`;
}
