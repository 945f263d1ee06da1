/**
 * Writes a box of an array: whole objects, each encoded and put once. Depends on nothing but the arguments, so any process may do
 * it, twice if need be, to the same bytes.
 */
import pLimit from "p-limit";
import type { StoredArray, StoredObjects } from "shared/contract/stored_array.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Box, formatVec3, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { SHARDS_AT_ONCE, WRITE_CONCURRENCY } from "shared/plan/host_memory.ts";
import { recycleMemory, takeBytes } from "shared/process/recycle_memory.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { BLOSC_OVERHEAD_BYTES, bloscBound } from "shared/codec/blosc/blosc_frame.ts";
import { codecWork } from "shared/codec/threads/codec_threads.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { openStore } from "shared/storage/open_store.ts";
import { encodeShard } from "shared/codec/shard.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { limitWrites } from "../chunks_at_once.ts";
import { type ChunkPlace, cutChunk, isZero } from "./cut_chunk.ts";
import type { ChunkValues } from "../image.ts";
import { assertRun } from "../output/job_record.ts";
import { objectKey } from "../output/output_layout.ts";
import { objectEntry } from "../output/stored_objects.ts";

/** A box of voxels to write. */
interface Block {
  /** Index along the axes before z, y, x. */
  readonly outer: readonly number[];
  /** Starts at a stored object's corner; ends at one too, or at the array's end. */
  readonly core: Box;
  /** Voxels of `box`, x contiguous, of the array's dtype (bool: Uint8Array). */
  readonly values: ChunkValues;
  /** Box around the core. @default {the core} */
  readonly box?: Box;
}

/** What was stored of a block. */
export interface Written {
  readonly bytesWritten: number;
  readonly objects: StoredObjects;
}

/** Of the whole process, however many blocks it writes: shards are large. */
const limitShards = pLimit(SHARDS_AT_ONCE);

/**
 * Encodes a box chunk by chunk and writes whole objects, chunks or shards. Chunks at the array's end are padded with 0, the fill
 * value; in shards, chunks that hold nothing else are left out.
 *
 * @returns what was stored
 * @throws {ClearstackError} `conflict` if the array belongs to another run by now; `unwritable`, `store-unavailable`, `cancelled`;
 * `internal` if the box is not made of whole objects
 */
export async function writeBlock(
  array: StoredArray,
  block: Block,
  { environment, ...options }: StoreAccess,
): Promise<Written> {
  refuseMisfit(array, block);
  const { outer, core } = block;
  const { chunk, shard } = array;
  const side = shard ?? chunk;
  const first = mapAxes((axis) => core.start[axis] / side[axis]);
  const store = openStore(array.url, { environment });
  if (array.run !== undefined) await assertRun(store, array.run, options);
  const put = async (at: Vec3, bytes: Uint8Array) => {
    const key = objectKey(array, outer, mapAxes((axis) => first[axis] + at[axis]));
    const [entry, size] = [objectEntry(bytes), bytes.length];
    await store.put(key, bytes, options);
    return { key, entry, size };
  };
  const writeObject = async (at: Vec3) => {
    if (shard === undefined) {
      return await limitWrites(async () => {
        const bytes = await encodedChunk(block, { at, chunk });
        const stored = await put(at, bytes);
        recycleMemory(bytes);
        return stored;
      });
    }
    return await limitShards(async () => {
      const bytes = await shardOf({ ...array, shard }, block, at);
      const stored = await put(at, bytes);
      releaseMemory(bytes);
      return stored;
    });
  };
  const counts = mapAxes((axis) => Math.ceil(core.shape[axis] / side[axis]));
  const stored = await mapLimited(gridPoints(counts), WRITE_CONCURRENCY, writeObject);
  return {
    bytesWritten: stored.reduce((sum, { size }) => sum + size, 0),
    objects: Object.fromEntries(stored.map(({ key, entry }) => [key, entry])),
  };
}

/**
 * The stored form of a chunk, which the caller owns; empty for zeros that are not stored. Of memory that threads share, they cut
 * it themselves, and all that is sent is room for it.
 */
async function encodedChunk({ core, box, values }: Block, place: ChunkPlace, skipsZeros = false): Promise<Uint8Array> {
  const size = values.BYTES_PER_ELEMENT;
  if (!(values.buffer instanceof ArrayBuffer)) {
    const room = takeBytes(bloscBound(size * voxelCount(place.chunk), size));
    return await codecWork({ do: "encode-chunk", from: { core, box, values }, place, skipsZeros }, room);
  }
  const voxels = cutChunk({ core, box, values }, place);
  const isEmpty = skipsZeros && isZero(voxels);
  const bytes = isEmpty ? new Uint8Array() : await codecWork({ do: "encode-blosc", elementBytes: size }, voxels);
  recycleMemory(voxels);
  return bytes;
}

/** The shard at a position in the block's grid of shards. */
async function shardOf(array: StoredArray & { readonly shard: Vec3 }, block: Block, at: Vec3): Promise<Uint8Array> {
  const { chunk, shard, dtype } = array;
  const size = dtypeBytes(dtype);
  const counts = mapAxes((axis) => shard[axis] / chunk[axis]);
  const positions = gridPoints(counts);
  const encodeInner = async (position: number): Promise<Uint8Array | undefined> => {
    const inBlock = mapAxes((axis) => at[axis] * counts[axis] + positions[position]![axis]);
    if (inBlock.some((place, axis) => place * chunk[axis]! >= block.core.shape[axis]!)) return undefined;
    const bytes = await encodedChunk(block, { at: inBlock, chunk }, true);
    return bytes.length === 0 ? undefined : bytes;
  };
  return await encodeShard({
    chunks: positions.length,
    chunkBytes: size * voxelCount(chunk) + BLOSC_OVERHEAD_BYTES,
    concurrency: WRITE_CONCURRENCY,
    encodeChunk: (position) => limitWrites(() => encodeInner(position)),
  });
}

/** A box that cuts through an object would destroy what others wrote into it. */
function refuseMisfit({ axes, shape, chunk, shard, dtype }: StoredArray, { core, values, box = core }: Block): void {
  const side = shard ?? chunk;
  const spatial = axes.includes("z") ? shape.slice(-3) : [1, ...shape.slice(-2)];
  const whole = mapAxes((axis) => {
    const end = core.start[axis] + core.shape[axis];
    return core.start[axis] % side[axis] === 0 && (end % side[axis] === 0 || end === spatial[axis]);
  });
  const fits = values.length === voxelCount(box.shape) && values.BYTES_PER_ELEMENT === dtypeBytes(dtype);
  if (fits && whole.every(Boolean)) return;
  throw new ClearstackError(
    "internal",
    `the ${values.length} voxels of shape ${formatVec3(core.shape)} at ${
      formatVec3(core.start)
    } are not made of whole ` +
      `${shard ? "shards" : "chunks"} of ${formatVec3(side)} ${dtype}`,
  );
}

/** All index triples below `counts`, x fastest. */
function gridPoints(counts: Vec3): Vec3[] {
  return Array.from({ length: voxelCount(counts) }, (_, index) => positionAt(index, counts));
}
