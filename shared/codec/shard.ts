/** Putting the chunks of a Zarr v3 shard together: one after the other in their order, then the index. */
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { encodeShardIndex, type ShardEntry, shardIndexBytes } from "./shard_index.ts";

interface ShardContent {
  /** Chunks of a full shard, stored or not. */
  readonly chunks: number;
  /** Most bytes that an encoded chunk can take. */
  readonly chunkBytes: number;
  /** Chunks that are encoded at the same time. */
  readonly concurrency: number;
  /** Encodes the chunk at this position, x fastest; undefined if it is all fill value and need not be stored. */
  readonly encodeChunk: (position: number) => Promise<Uint8Array | undefined>;
}

/**
 * The bytes of a shard, the same for the same chunks whatever the order in which they are ready. The caller owns them.
 *
 * @throws what `encodeChunk` throws, once all that were begun have ended
 */
export async function encodeShard({ chunks, chunkBytes, concurrency, encodeChunk }: ShardContent): Promise<Uint8Array> {
  // Room for the worst case; pages that stay untouched cost nothing.
  const shard = new Uint8Array(chunks * chunkBytes + shardIndexBytes(chunks, { checksum: true }));
  const entries: ShardEntry[] = [];
  const underWay: Promise<Uint8Array | undefined>[] = [];
  let offset = 0;
  try {
    for (let position = 0; entries.length < chunks;) {
      while (position < chunks && underWay.length < concurrency) underWay.push(encodeChunk(position++));
      const bytes = await underWay[0];
      underWay.shift();
      entries.push(bytes && { offset, length: bytes.length });
      if (bytes === undefined) continue;
      shard.set(bytes, offset);
      offset += bytes.length;
      recycleMemory(bytes);
    }
  } finally {
    await Promise.allSettled(underWay);
  }
  const index = encodeShardIndex(entries);
  shard.set(index, offset);
  return shard.subarray(0, offset + index.length);
}
