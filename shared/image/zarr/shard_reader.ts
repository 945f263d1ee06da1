/**
 * Reads single chunks out of shards: the index once for each shard, then the bytes of the chunk. The index may be at either end of
 * its shard; its checksum is verified.
 */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { decodeShardIndex, type ShardEntry, shardIndexBytes } from "shared/codec/shard_index.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import type { ReadableStore, RequestOptions } from "shared/storage/store.ts";
import type { Sharding } from "./zarr_codecs.ts";

/** Indices that are kept: neighbouring tiles come back for the same few. */
const INDICES_KEPT = 64;

/** Bytes fetched for a chunk; absent if the chunk is not stored. */
interface StoredChunk {
  readonly bytes: Uint8Array | undefined;
  /** Bytes fetched, the index of the shard included where it was fetched for this chunk. */
  readonly fetched: number;
}

/** Reads what is stored of chunks, by their indices along all axes of the array. */
export interface StoredChunks {
  read(coords: readonly number[], options?: RequestOptions): Promise<StoredChunk>;
  /** Whether there is anything to read. */
  isStored(coords: readonly number[], options?: RequestOptions): Promise<boolean>;
}

/**
 * Makes the reader of an array.
 *
 * @param options key of the shard that holds a chunk, and most bytes that a chunk may take
 */
export function shardReader(
  store: ReadableStore,
  { counts, indexAt, indexForm }: Sharding,
  { objectKey, maxBytes }: {
    readonly objectKey: (coords: readonly number[]) => string;
    readonly maxBytes: number;
  },
): StoredChunks {
  const chunks = counts.reduce((product, count) => product * count, 1);
  const indexBytes = shardIndexBytes(chunks, indexForm);
  const indexRange = indexAt === "start" ? { offset: 0, length: indexBytes } : { suffixLength: indexBytes };
  const indices = new RecentCache<string, readonly ShardEntry[] | undefined>(INDICES_KEPT);

  /** What the index of its shard says of a chunk. */
  async function find(coords: readonly number[], options?: RequestOptions) {
    const key = objectKey(coords);
    const position = coords.reduce((sum, at, axis) => sum * counts[axis]! + at % counts[axis]!, 0);
    let fetched = 0;
    const entries = await indices.get(key, async (signal) => {
      fetched = indexBytes;
      const bytes = await store.getRange(key, indexRange, { signal });
      return bytes && decodeShardIndex(bytes, indexForm);
    }, options?.signal);
    return { key, entry: entries?.[position], fetched: entries === undefined ? 0 : fetched };
  }

  /** @throws {ClearstackError} `corrupt-data` for what is wrong with a shard */
  async function ofShard<Result>(coords: readonly number[], read: () => Promise<Result>): Promise<Result> {
    try {
      return await read();
    } catch (cause) {
      if (isClearstackError(cause)) throw cause;
      const where = `${store.url}/${objectKey(coords)}`;
      throw new ClearstackError("corrupt-data", `${where} is damaged: ${(cause as Error).message}`, { cause });
    }
  }

  return {
    isStored: (coords, options) => ofShard(coords, async () => (await find(coords, options)).entry !== undefined),
    read: (coords, options) =>
      ofShard(coords, async () => {
        const { key, entry, fetched } = await find(coords, options);
        if (entry === undefined) return { bytes: undefined, fetched };
        if (entry.length === 0) throw new Error("the shard's index gives a chunk of 0 bytes");
        if (entry.length > maxBytes) {
          throw new Error(`the shard's index gives a chunk of ${entry.length} bytes, where ${maxBytes} are the most`);
        }
        const bytes = await store.getRange(key, entry, options);
        if (bytes === undefined) throw new Error("it vanished while it was read");
        return { bytes, fetched: fetched + bytes.length };
      }),
  };
}
