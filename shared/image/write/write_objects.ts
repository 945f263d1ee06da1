/** Writes whole objects, chunks or shards, each encoded and put once, by whatever encodes their chunks. */
import pLimit from "p-limit";
import type { StoredArray, StoredObjects } from "shared/contract/stored_array.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Box, formatVec3, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { SHARDS_AT_ONCE, WRITE_CONCURRENCY } from "shared/plan/host_memory.ts";
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { BLOSC_OVERHEAD_BYTES } from "shared/codec/blosc/blosc_frame.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { openStore } from "shared/storage/open_store.ts";
import { encodeShard } from "shared/codec/shard.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { limitWrites } from "../chunks_at_once.ts";
import { assertRun } from "../output/job_record.ts";
import { objectKey } from "../output/output_layout.ts";
import { objectEntry } from "../output/stored_objects.ts";
import type { ChunkPlace } from "./cut_chunk.ts";

/** The voxels of an array that are written at once. */
export interface WrittenBox {
  /** Index along the axes before z, y, x. */
  readonly outer: readonly number[];
  /** Starts at a stored object's corner; ends at one too, or at the array's end. */
  readonly core: Box;
}

/** What was stored of a box. */
export interface Written {
  readonly bytesWritten: number;
  readonly objects: StoredObjects;
}

/**
 * Makes the stored form of a chunk, which the caller then owns.
 *
 * @param place counts chunks from the corner of the box
 * @param skipsZeros true if a chunk of zeros is not stored, of which no bytes come back
 */
type EncodeChunk = (place: ChunkPlace, skipsZeros: boolean) => Promise<Uint8Array>;

/** Of the whole process, however many boxes it writes: shards are large. */
const limitShards = pLimit(SHARDS_AT_ONCE);

/**
 * Writes the objects of a box. In shards, chunks that hold nothing but zeros, the fill value, are left out.
 *
 * @returns what was stored
 * @throws {ClearstackError} `conflict` if the array belongs to another run by now; `unwritable`, `store-unavailable`, `cancelled`;
 * `internal` if the box is not made of whole objects
 */
export async function writeObjects(
  array: StoredArray,
  { outer, core, encode }: WrittenBox & { readonly encode: EncodeChunk },
  { environment, ...options }: StoreAccess,
): Promise<Written> {
  refuseMisfit(array, core);
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
        const bytes = await encode({ at, chunk }, false);
        const stored = await put(at, bytes);
        recycleMemory(bytes);
        return stored;
      });
    }
    return await limitShards(async () => {
      const bytes = await shardOf({ ...array, shard }, { core, encode }, at);
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

/** The shard at a position in the box's grid of shards. */
async function shardOf(
  array: StoredArray & { readonly shard: Vec3 },
  { core, encode }: { readonly core: Box; readonly encode: EncodeChunk },
  at: Vec3,
): Promise<Uint8Array> {
  const { chunk, shard, dtype } = array;
  const size = dtypeBytes(dtype);
  const counts = mapAxes((axis) => shard[axis] / chunk[axis]);
  const positions = gridPoints(counts);
  const encodeInner = async (position: number): Promise<Uint8Array | undefined> => {
    const inBox = mapAxes((axis) => at[axis] * counts[axis] + positions[position]![axis]);
    if (inBox.some((place, axis) => place * chunk[axis]! >= core.shape[axis]!)) return undefined;
    const bytes = await encode({ at: inBox, chunk }, true);
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
function refuseMisfit({ axes, shape, chunk, shard }: StoredArray, core: Box): void {
  const side = shard ?? chunk;
  const spatial = axes.includes("z") ? shape.slice(-3) : [1, ...shape.slice(-2)];
  const whole = mapAxes((axis) => {
    const end = core.start[axis] + core.shape[axis];
    return core.start[axis] % side[axis] === 0 && (end % side[axis] === 0 || end === spatial[axis]);
  });
  if (whole.every(Boolean)) return;
  throw new ClearstackError(
    "internal",
    `the voxels of shape ${formatVec3(core.shape)} at ${formatVec3(core.start)} are not made of whole ` +
      `${shard ? "shards" : "chunks"} of ${formatVec3(side)}`,
  );
}

/** All index triples below `counts`, x fastest. */
function gridPoints(counts: Vec3): Vec3[] {
  return Array.from({ length: voxelCount(counts) }, (_, index) => positionAt(index, counts));
}
