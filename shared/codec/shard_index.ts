/**
 * The index of a Zarr v3 shard: where each of its chunks lies, x fastest, two 64-bit numbers each, then their CRC-32C.
 * Source: Zarr codec specification, sharding_indexed 1.0.
 */
import { crc32c } from "./crc32c.ts";

/** Place of a chunk inside its shard; undefined for a chunk that is not stored, all of which is the fill value. */
export type ShardEntry = { readonly offset: number; readonly length: number } | undefined;

/** Form of a stored index. */
export interface ShardIndexForm {
  readonly littleEndian: boolean;
  /** True if its CRC-32C follows. */
  readonly checksum: boolean;
}

const ENTRY_BYTES = 16;
const CHECKSUM_BYTES = 4;

/** Both numbers of a chunk that is not stored. */
const NOT_STORED = 2n ** 64n - 1n;

/** Bytes of the index of so many chunks. */
export function shardIndexBytes(chunks: number, { checksum }: Pick<ShardIndexForm, "checksum">): number {
  return chunks * ENTRY_BYTES + (checksum ? CHECKSUM_BYTES : 0);
}

/** The index as it is stored: little-endian, with its CRC-32C. */
export function encodeShardIndex(entries: readonly ShardEntry[]): Uint8Array {
  const bytes = new Uint8Array(shardIndexBytes(entries.length, { checksum: true }));
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, chunk) => {
    view.setBigUint64(ENTRY_BYTES * chunk, entry === undefined ? NOT_STORED : BigInt(entry.offset), true);
    view.setBigUint64(ENTRY_BYTES * chunk + 8, entry === undefined ? NOT_STORED : BigInt(entry.length), true);
  });
  const end = bytes.length - CHECKSUM_BYTES;
  view.setUint32(end, crc32c(bytes.subarray(0, end)), true);
  return bytes;
}

/**
 * The inverse of {@link encodeShardIndex}, for an index of any form.
 *
 * @throws {Error} if the checksum does not match, or a chunk would lie beyond the numbers that are exact
 */
export function decodeShardIndex(bytes: Uint8Array, { littleEndian, checksum }: ShardIndexForm): ShardEntry[] {
  const end = bytes.length - (checksum ? CHECKSUM_BYTES : 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (checksum && view.getUint32(end, true) !== crc32c(bytes.subarray(0, end))) {
    throw new Error("the checksum of the shard's index does not match");
  }
  return Array.from({ length: end / ENTRY_BYTES }, (_, chunk) => {
    const offset = view.getBigUint64(ENTRY_BYTES * chunk, littleEndian);
    const length = view.getBigUint64(ENTRY_BYTES * chunk + 8, littleEndian);
    if (offset === NOT_STORED && length === NOT_STORED) return undefined;
    if (offset + length > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new Error("the shard's index points beyond any object");
    }
    return { offset: Number(offset), length: Number(length) };
  });
}
