/**
 * Writes a box of an array: whole objects, each encoded and put once. Depends on nothing but the arguments, so any process may do
 * it, twice if need be, to the same bytes.
 */
import type { StoredArray } from "../contract/stored_array.ts";
import { dtypeBytes } from "../dtype.ts";
import { ClearstackError } from "../errors.ts";
import { type Box, formatVec3, mapAxes, type Vec3, voxelCount } from "../geometry.ts";
import { WRITE_CONCURRENCY } from "../memory.ts";
import { releaseMemory } from "../release_memory.ts";
import { encodeBlosc } from "../storage/blosc_frame.ts";
import { mapLimited } from "../storage/map_limited.ts";
import { openStore } from "../storage/open_store.ts";
import type { RequestOptions } from "../storage/store.ts";
import type { ChunkValues } from "./image.ts";
import { objectKey } from "./output_layout.ts";

/** A box of voxels to write. */
export interface Block {
  /** Index along the axes before z, y, x. */
  readonly outer: readonly number[];
  /** Starts at a stored object's corner; ends at one too, or at the array's end. */
  readonly core: Box;
  /** Shape `core.shape`, x contiguous, of the array's dtype (bool: Uint8Array). */
  readonly values: ChunkValues;
}

/**
 * Encodes a box chunk by chunk and writes whole objects; chunks at the array's end are padded with 0, the fill value.
 *
 * @returns stored bytes
 * @throws {ClearstackError} `unwritable`, `store-unavailable`, `cancelled`; `internal` if the box is not made of whole objects
 */
export async function writeBlock(
  array: StoredArray,
  block: Block,
  options: RequestOptions = {},
): Promise<{ readonly bytesWritten: number }> {
  refuseMisfit(array, block);
  const { outer, core } = block;
  const { chunk } = array;
  const first = mapAxes((axis) => core.start[axis] / chunk[axis]);
  const store = openStore(array.url);
  const counts = mapAxes((axis) => Math.ceil(core.shape[axis] / chunk[axis]));
  const sizes = await mapLimited(gridPoints(counts), WRITE_CONCURRENCY, async (at) => {
    const voxels = cutChunk(block, { at, chunk });
    const bytes = encodeBlosc(voxels, dtypeBytes(array.dtype));
    releaseMemory(voxels);
    await store.put(objectKey(array, outer, mapAxes((axis) => first[axis] + at[axis])), bytes, options);
    return bytes.length;
  });
  return { bytesWritten: sizes.reduce((sum, size) => sum + size, 0) };
}

/** A box that cuts through an object would destroy what others wrote into it. */
function refuseMisfit({ axes, shape, chunk, dtype }: StoredArray, { core, values }: Block): void {
  const spatial = axes.includes("z") ? shape.slice(-3) : [1, ...shape.slice(-2)];
  const whole = mapAxes((axis) => {
    const end = core.start[axis] + core.shape[axis];
    return core.start[axis] % chunk[axis] === 0 && (end % chunk[axis] === 0 || end === spatial[axis]);
  });
  const fits = values.length === voxelCount(core.shape) && values.BYTES_PER_ELEMENT === dtypeBytes(dtype);
  if (fits && whole.every(Boolean)) return;
  throw new ClearstackError(
    "internal",
    `the ${values.length} voxels of shape ${formatVec3(core.shape)} at ${
      formatVec3(core.start)
    } are not made of whole chunks ` +
      `of ${formatVec3(chunk)} ${dtype}`,
  );
}

/** All index triples below `counts`, x fastest. */
function gridPoints(counts: Vec3): Vec3[] {
  return Array.from({ length: voxelCount(counts) }, (_, index) => [
    Math.floor(index / (counts[1] * counts[2])),
    Math.floor(index / counts[2]) % counts[1],
    index % counts[2],
  ]);
}

/** The bytes of one chunk of the box, full size, 0 where it reaches past the box. */
function cutChunk(
  { core, values }: Block,
  { at, chunk }: { readonly at: Vec3; readonly chunk: Vec3 },
): Uint8Array<ArrayBuffer> {
  const size = values.BYTES_PER_ELEMENT;
  const stored = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const start = mapAxes((axis) => at[axis] * chunk[axis]);
  const [depth, height, width] = mapAxes((axis) => Math.min(chunk[axis], core.shape[axis] - start[axis]));
  const bytes = new Uint8Array(size * voxelCount(chunk));
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = size * (((start[0] + z) * core.shape[1] + start[1] + y) * core.shape[2] + start[2]);
      bytes.set(stored.subarray(from, from + size * width), size * (z * chunk[1] + y) * chunk[2]);
    }
  }
  return bytes;
}
