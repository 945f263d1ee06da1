/**
 * Writes a box of an array: whole objects, each encoded and put once. Depends on nothing but the arguments, so any process may do
 * it, twice if need be, to the same bytes.
 */
import type { StoredArray } from "shared/contract/stored_array.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Box, formatVec3, voxelCount } from "shared/volume/geometry.ts";
import { recycleMemory, takeBytes } from "shared/process/recycle_memory.ts";
import { bloscBound } from "shared/codec/blosc/blosc_frame.ts";
import { codecWork } from "shared/codec/threads/codec_threads.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { type ChunkPlace, cutChunk, isZero } from "./cut_chunk.ts";
import type { ChunkValues } from "../image.ts";
import { writeObjects, type Written, type WrittenBox } from "./write_objects.ts";

/** A box of voxels to write. */
interface Block extends WrittenBox {
  /** Voxels of `box`, x contiguous, of the array's dtype (bool: Uint8Array). */
  readonly values: ChunkValues;
  /** Box around the core. @default {the core} */
  readonly box?: Box;
}

/**
 * Encodes a box chunk by chunk and writes whole objects, chunks or shards. Chunks at the array's end are padded with 0, the fill
 * value; in shards, chunks that hold nothing else are left out.
 *
 * @returns what was stored
 * @throws {ClearstackError} what {@link writeObjects} throws; `internal` if there are more or fewer voxels than the box has
 */
export async function writeBlock(array: StoredArray, block: Block, access: StoreAccess): Promise<Written> {
  const { values, core, box = core } = block;
  if (values.length !== voxelCount(box.shape) || values.BYTES_PER_ELEMENT !== dtypeBytes(array.dtype)) {
    const what = `${values.length} values of ${values.BYTES_PER_ELEMENT} bytes`;
    throw new ClearstackError("internal", `${what} are not a box of ${formatVec3(box.shape)} ${array.dtype}`);
  }
  const encode = (place: ChunkPlace, skipsZeros: boolean) => encodedChunk(block, place, skipsZeros);
  return await writeObjects(array, { ...block, encode }, access);
}

/**
 * The stored form of a chunk, which the caller owns; empty for zeros that are not stored. Of memory that threads share, they cut
 * it themselves, and all that is sent is room for it.
 */
async function encodedChunk({ core, box, values }: Block, place: ChunkPlace, skipsZeros: boolean): Promise<Uint8Array> {
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
