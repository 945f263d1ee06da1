/**
 * Reads small pieces of one object in larger blocks, and keeps the last few: parsers of file headers ask for a few bytes at a
 * time, and each would be a request.
 */
import { RecentCache } from "shared/process/recent_cache.ts";
import type { ObjectInfo, ReadableStore, RequestOptions } from "./store.ts";

const BLOCK_BYTES = 2 ** 16;
const BLOCKS_KEPT = 32;

/** Reads bytes of an object of known size; what lies past its end is left out. */
export type ReadBytes = (offset: number, length: number, signal?: AbortSignal) => Promise<Uint8Array>;

/** Makes a {@link ReadBytes} for the object `key` of `size` bytes. Pieces larger than a block are fetched as they are. */
export function blockReader(
  store: ReadableStore,
  key: string,
  { size, seen }: Pick<ObjectInfo, "size"> & Pick<RequestOptions, "seen">,
): ReadBytes {
  const blocks = new RecentCache<number, Uint8Array>(BLOCKS_KEPT);

  const fetchRange = async (offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> =>
    await store.getRange(key, { offset, length }, { signal, seen }) ?? new Uint8Array(0);

  const blockAt = (index: number, signal?: AbortSignal): Promise<Uint8Array> => {
    const start = index * BLOCK_BYTES;
    return blocks.get(index, (shared) => fetchRange(start, Math.min(BLOCK_BYTES, size - start), shared), signal);
  };

  return async (offset, length, signal) => {
    const count = Math.max(0, Math.min(length, size - offset));
    if (count === 0) return new Uint8Array(0);
    if (count > BLOCK_BYTES) return await fetchRange(offset, count, signal);
    const bytes = new Uint8Array(count);
    for (let index = Math.floor(offset / BLOCK_BYTES); index * BLOCK_BYTES < offset + count; index++) {
      const block = await blockAt(index, signal);
      const from = Math.max(0, offset - index * BLOCK_BYTES);
      const to = Math.max(0, index * BLOCK_BYTES - offset);
      bytes.set(block.subarray(from, from + count - to), to);
    }
    return bytes;
  };
}
