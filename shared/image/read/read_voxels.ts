/**
 * Reads voxels in the type in which they are stored, to the last bit: what `readBox` turns into numbers to compute with, this
 * leaves as it is.
 */
import type { Dtype } from "shared/contract/image_info.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { alongSpatialAxes } from "shared/volume/spatial.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { limitReads } from "../chunks_at_once.ts";
import type { ChunkValues, Image } from "../image.ts";
import { readVolumeChunk } from "./volume_chunk.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";

interface ReadVoxelsOptions extends RequestOptions {
  /** Index along each axis before z, y, x. */
  readonly outer: readonly number[];
  /** Voxels in z, y, x, all of them inside the image. A 2-D image has one plane, z = 0. */
  readonly box: Box;
  /** Chunks that are fetched and decoded at the same time. */
  readonly concurrency: number;
}

/** Bits without a meaning: copying them as floats might change those of a NaN. */
type Words = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/**
 * Reads a box of voxels; every chunk that it touches is fetched and decoded once.
 *
 * @returns values of the image's type, x contiguous, which the caller owns, and the stored bytes that were fetched
 * @throws {ClearstackError} `corrupt-data`, `forbidden`, `store-unavailable`, `cancelled`
 */
export async function readVoxels(
  image: Image,
  { outer, box, concurrency, signal }: ReadVoxelsOptions,
): Promise<{ readonly values: ChunkValues; readonly bytesRead: number }> {
  const { chunkShape, dtype } = image.info;
  const sides = alongSpatialAxes(image.info, chunkShape);
  const target = { box, values: newWords(dtype, voxelCount(box.shape)) };
  let bytesRead = 0;
  const readChunk = async (at: Vec3) => {
    const chunk = await readVolumeChunk(image, { outer, at, signal });
    bytesRead += chunk.storedBytes;
    const { offset, strides } = chunk;
    const place = { start: mapAxes((axis) => at[axis] * sides[axis]), shape: sides };
    copyBox({ box: place, values: wordsOf(chunk.values), offset, strides }, target);
    recycleMemory(chunk.values);
  };
  await mapLimited(touchedChunks(box, sides), concurrency, (at) => limitReads(image.info, () => readChunk(at)));
  return { values: new VOXEL_ARRAYS[dtype](target.values.buffer as ArrayBuffer), bytesRead };
}

/** Grid positions of all chunks that a box reaches into. */
function touchedChunks({ start, shape }: Box, sides: Vec3): Vec3[] {
  const [zs, ys, xs] = mapAxes((axis) => {
    const first = Math.floor(start[axis] / sides[axis]);
    const last = Math.floor((start[axis] + shape[axis] - 1) / sides[axis]);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((x): Vec3 => [z, y, x])));
}

function newWords(dtype: Dtype, count: number): Words {
  switch (dtypeBytes(dtype)) {
    case 1:
      return new Uint8Array(count);
    case 2:
      return new Uint16Array(count);
    case 4:
      return new Uint32Array(count);
  }
  return new BigUint64Array(count);
}

/** The bits of a chunk. */
function wordsOf({ buffer, byteOffset, length, BYTES_PER_ELEMENT: bytes }: ChunkValues): Words {
  if (bytes === 1) return new Uint8Array(buffer, byteOffset, length);
  if (bytes === 2) return new Uint16Array(buffer, byteOffset, length);
  return bytes === 4 ? new Uint32Array(buffer, byteOffset, length) : new BigUint64Array(buffer, byteOffset, length);
}
