/** A small sample of the voxels of a whole image, for what is decided once for all of it. */
import { dtypeBytes } from "../dtype.ts";
import { mapLimited } from "../storage/map_limited.ts";
import { stratifiedPicks } from "../stratified.ts";
import { releaseMemory } from "../release_memory.ts";
import type { Chunk, Image } from "./image.ts";

/** Chunks that are read: enough to meet bright and dark places, few against most images. */
const CHUNKS = 32;

/** Decoded bytes that are read, where chunks are large; but never fewer than {@link LEAST_CHUNKS}. */
const MOST_BYTES = 256 * 2 ** 20;

const LEAST_CHUNKS = 4;

/** Voxels that are kept. */
const VOXELS = 2 ** 17;

/** Chunks in flight. */
const CONCURRENCY = 4;

/** A sample and what reading it cost. */
export interface VoxelSample {
  readonly values: Float32Array;
  /** Stored bytes fetched. */
  readonly bytesRead: number;
}

/**
 * Reads some 100,000 voxels from at most 32 chunks, spread evenly over the image (all its volumes) at random. The same seed
 * gives the same voxels.
 *
 * @throws {ClearstackError} `corrupt-data`, `forbidden`, `store-unavailable`, `cancelled`
 */
export async function sampleVoxels(
  image: Image,
  { seed, signal }: { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<VoxelSample> {
  const { shape, chunkShape, dtype } = image.info;
  const chunkBytes = chunkShape.reduce((product, side) => product * side, 1) * dtypeBytes(dtype);
  const affordable = Math.max(LEAST_CHUNKS, Math.min(CHUNKS, Math.floor(MOST_BYTES / chunkBytes)));
  const grid = shape.map((side, axis) => Math.ceil(side / chunkShape[axis]!));
  const total = grid.reduce((product, side) => product * side, 1);
  const chunks = stratifiedPicks(total, affordable, { seed, stream: 0 });
  const perChunk = Math.ceil(VOXELS / chunks.length);
  let bytesRead = 0;
  const samples = await mapLimited(chunks, CONCURRENCY, async (index) => {
    const coords = coordinatesAt(index, grid);
    const chunk = await image.readChunk(coords, { signal });
    bytesRead += chunk.storedBytes;
    // The image may end inside its last chunks.
    const extent = chunkShape.map((side, axis) => Math.min(side, shape[axis]! - coords[axis]! * side));
    const sample = pickVoxels(chunk, extent, { seed, stream: index + 1, count: perChunk });
    releaseMemory(chunk.values);
    return sample;
  });
  return { values: Float32Array.from(samples.flatMap((sample) => [...sample])), bytesRead };
}

function pickVoxels(
  { values, strides }: Chunk,
  extent: readonly number[],
  { seed, stream, count }: { seed: number; stream: number; count: number },
): Float32Array {
  const picks = stratifiedPicks(extent.reduce((product, side) => product * side, 1), count, { seed, stream });
  return Float32Array.from(picks, (pick) => {
    const offset = coordinatesAt(pick, extent).reduce((sum, index, axis) => sum + index * strides[axis]!, 0);
    return Number(values[offset]);
  });
}

/** Position of the `index`th element of an array of this shape, last axis fastest. */
function coordinatesAt(index: number, shape: readonly number[]): number[] {
  const coordinates: number[] = [];
  for (const side of shape.toReversed()) {
    coordinates.unshift(index % side);
    index = Math.floor(index / side);
  }
  return coordinates;
}
