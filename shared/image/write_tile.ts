/**
 * Writes the core of a tile: whole chunks, each encoded and put as one object. Depends on nothing but the task and the values,
 * so any process may do it, twice if need be, to the same bytes.
 */
import type { TileReport, TileTask } from "../contract/tile.ts";
import { ClearstackError } from "../errors.ts";
import { type Box, formatVec3, mapAxes, type Vec3, voxelCount } from "../geometry.ts";
import { WRITE_CONCURRENCY } from "../memory.ts";
import { releaseMemory } from "../release_memory.ts";
import { encodeBlosc } from "../storage/blosc_frame.ts";
import { mapLimited } from "../storage/map_limited.ts";
import { openStore } from "../storage/open_store.ts";
import type { RequestOptions } from "../storage/store.ts";
import { encodeJson } from "./json.ts";
import { chunkKey, recordKey } from "./output_layout.ts";

/** Elements of the output are float32. */
const ELEMENT_BYTES = 4;

/**
 * Encodes the core of a tile chunk by chunk and writes whole objects; chunks at the image's end are padded with 0, the fill value.
 *
 * @param values shape `task.tile.core.shape`, x contiguous
 * @returns stored bytes
 * @throws {ClearstackError} `unwritable`, `store-unavailable`, `cancelled`; `internal` if the core is not made of whole chunks
 */
export async function writeTile(
  task: TileTask,
  values: Float32Array,
  options: RequestOptions = {},
): Promise<{ readonly bytesWritten: number }> {
  const { core, outer } = task.tile;
  const { chunk, url, array } = task.output;
  const first = mapAxes((axis) => core.start[axis] / chunk[axis]);
  if (!first.every(Number.isInteger) || values.length !== voxelCount(core.shape)) {
    throw new ClearstackError(
      "internal",
      `the core at ${formatVec3(core.start)} is not made of whole chunks of ${formatVec3(chunk)}`,
    );
  }
  const store = openStore(url);
  const rank = task.source.axes.length;
  const counts = mapAxes((axis) => Math.ceil(core.shape[axis] / chunk[axis]));
  const sizes = await mapLimited(gridPoints(counts), WRITE_CONCURRENCY, async (at) => {
    const voxels = cutChunk(values, core, { at, chunk });
    const bytes = encodeBlosc(new Uint8Array(voxels.buffer), ELEMENT_BYTES);
    releaseMemory(voxels);
    const key = chunkKey(array, { outer, rank, chunk: mapAxes((axis) => first[axis] + at[axis]) });
    await store.put(key, bytes, options);
    return bytes.length;
  });
  return { bytesWritten: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Records that all chunks of a tile are written. */
export async function writeTileRecord(task: TileTask, report: TileReport): Promise<void> {
  await openStore(task.output.url).put(recordKey(task.planHash, task.tile.index), encodeJson(report));
}

/** All index triples below `counts`, x fastest. */
function gridPoints(counts: Vec3): Vec3[] {
  return Array.from({ length: voxelCount(counts) }, (_, index) => [
    Math.floor(index / (counts[1] * counts[2])),
    Math.floor(index / counts[2]) % counts[1],
    index % counts[2],
  ]);
}

/** One chunk of the core, full size, 0 where it reaches past the core. */
function cutChunk(
  values: Float32Array,
  core: Box,
  { at, chunk }: { readonly at: Vec3; readonly chunk: Vec3 },
): Float32Array<ArrayBuffer> {
  const start = mapAxes((axis) => at[axis] * chunk[axis]);
  const [depth, height, width] = mapAxes((axis) => Math.min(chunk[axis], core.shape[axis] - start[axis]));
  const voxels = new Float32Array(voxelCount(chunk));
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = ((start[0] + z) * core.shape[1] + start[1] + y) * core.shape[2] + start[2];
      voxels.set(values.subarray(from, from + width), (z * chunk[1] + y) * chunk[2]);
    }
  }
  return voxels;
}
