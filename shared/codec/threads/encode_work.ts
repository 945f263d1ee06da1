/** Cutting a chunk out of a box and encoding it, in one go. */
import { type ChunkPlace, cutChunk, type CutFrom, isZero } from "shared/image/write/cut_chunk.ts";
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { encodeBloscInto } from "../blosc/blosc_frame.ts";

/** A chunk of a box; plain data, so that they can go to another thread. */
export interface EncodeWork {
  readonly do: "encode-chunk";
  readonly from: CutFrom;
  readonly place: ChunkPlace;
  /** True if a chunk of zeros is not stored. */
  readonly skipsZeros: boolean;
}

/**
 * @param room for a frame of the chunk
 * @returns the part of it that is filled; empty for a chunk of zeros that is not stored
 */
export function encodeChunk({ from, place, skipsZeros }: EncodeWork, room: Uint8Array): Uint8Array {
  const voxels = cutChunk(from, place);
  const isEmpty = skipsZeros && isZero(voxels);
  const frame = isEmpty ? room.subarray(0, 0) : encodeBloscInto(room, voxels, from.values.BYTES_PER_ELEMENT);
  recycleMemory(voxels);
  return frame;
}
