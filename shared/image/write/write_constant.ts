/** Writes a box of an array whose voxels all have one value, of which no voxel is ever in memory but those of one chunk. */
import type { StoredArray } from "shared/contract/stored_array.ts";
import { encodeBlosc } from "shared/codec/blosc/blosc_frame.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";
import { type ChunkPlace, cutChunk } from "./cut_chunk.ts";
import { writeObjects, type Written, type WrittenBox } from "./write_objects.ts";

/**
 * Writes what `writeBlock` would, but for zeros: they are the fill value, of which nothing is stored at all.
 *
 * @param value of all voxels, as the array's type holds it
 * @returns what was stored
 * @throws {ClearstackError} what {@link writeObjects} throws
 */
export async function writeConstant(
  array: StoredArray,
  { value, ...written }: WrittenBox & { readonly value: number },
  access: StoreAccess,
): Promise<Written> {
  if (Object.is(value, 0)) return { bytesWritten: 0, objects: {} };
  const { core } = written;
  // Chunks at the array's end are padded: there are no more kinds than ends that a chunk may reach.
  const encoded = new Map<string, Uint8Array>();
  const encode = ({ at, chunk }: ChunkPlace): Promise<Uint8Array> => {
    const shape = mapAxes((axis) => Math.min(chunk[axis], core.shape[axis] - at[axis] * chunk[axis]));
    const kind = shape.join();
    const bytes = encoded.get(kind) ?? constantChunk(array, { value, shape });
    encoded.set(kind, bytes);
    // Whoever stores it recycles its memory.
    return Promise.resolve(bytes.slice());
  };
  return await writeObjects(array, { ...written, encode }, access);
}

/**
 * The stored form of a chunk with one value in a part that begins at its corner, and 0 in the rest.
 *
 * @param shape of the part. @default {the chunk}
 */
export function constantChunk(
  { dtype, chunk }: Pick<StoredArray, "dtype" | "chunk">,
  { value, shape = chunk }: { readonly value: number; readonly shape?: Vec3 },
): Uint8Array {
  const values = new VOXEL_ARRAYS[dtype](voxelCount(shape)).fill(value as never);
  const bytes = cutChunk({ core: { start: [0, 0, 0], shape }, values }, { at: [0, 0, 0], chunk });
  const frame = encodeBlosc(bytes, values.BYTES_PER_ELEMENT);
  const kept = frame.slice();
  for (const used of [bytes, frame]) recycleMemory(used);
  releaseMemory(values);
  return kept;
}
