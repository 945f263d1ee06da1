/** A small sample of the voxels of a whole image, for what is decided once for all of it. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { withPath } from "shared/errors.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { mapAxes, type Vec3 } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { stratifiedPicks } from "shared/decide/stratified.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { type Chunk, type Image, pathOf } from "../image.ts";
import { placeInVolume } from "shared/volume/spatial.ts";
import { storedOuter } from "./select_volumes.ts";

/** Chunks that are read: enough to meet bright and dark places, few against most images. */
const CHUNKS = 32;

/** Decoded bytes that are read, where chunks are large; but never fewer than {@link MIN_CHUNKS}. */
const MAX_BYTES = 256 * 2 ** 20;

const MIN_CHUNKS = 4;

/** Voxels that are kept. */
const VOXELS = 2 ** 17;

/** Chunks in flight. */
const CONCURRENCY = 4;

/** Of the voxels of a chunk, so many may be brighter than its {@link BrightVoxel}: a few are hot pixels, which are no structure. */
const HOT_PIXELS = 3;

/** A voxel of an image of any number of axes. */
export interface BrightVoxel {
  /** Index along each axis before z, y, x, of what the image shows. */
  readonly outer: readonly number[];
  /** Of the whole volume, of which a part may be selected. */
  readonly at: Vec3;
}

interface VoxelSample<Values = Float32Array> {
  readonly values: Values;
  /** A bright voxel of each chunk that was read, the brightest of all first. */
  readonly bright: readonly BrightVoxel[];
  /** Stored bytes fetched. */
  readonly bytesRead: number;
}

interface SampleOptions extends RequestOptions {
  /** The same seed gives the same voxels. */
  readonly seed: number;
  /** Index along c of what the image shows; other channels are left out, so that they do not matter. @default {0} */
  readonly channel?: number;
}

/**
 * Reads some 100,000 voxels of one channel from at most 32 chunks, spread evenly over all its volumes at random. With
 * `exact`, integers come in double precision.
 *
 * @throws {ClearstackError} `corrupt-data`, `forbidden`, `store-unavailable`, `cancelled`
 */
export function sampleVoxels(image: Image, options: SampleOptions): Promise<VoxelSample>;
export function sampleVoxels(
  image: Image,
  options: SampleOptions & { readonly exact: true },
): Promise<VoxelSample<Float32Array | Float64Array>>;
export async function sampleVoxels(
  image: Image,
  { seed, channel = 0, exact = false, signal }: SampleOptions & { readonly exact?: boolean },
): Promise<VoxelSample<Float32Array | Float64Array>> {
  const { chunkShape, dtype } = image.info;
  const chunkBytes = chunkShape.reduce((product, side) => product * side, 1) * dtypeBytes(dtype);
  const affordable = Math.max(MIN_CHUNKS, Math.min(CHUNKS, Math.floor(MAX_BYTES / chunkBytes)));
  const spans = image.info.axes.map((_, axis) => spansAlong(image.info, axis, channel));
  const grid = spans.map((along) => along.length);
  const total = grid.reduce((product, side) => product * side, 1);
  const places = stratifiedPicks(total, affordable, { seed, stream: 0 });
  const count = Math.ceil(VOXELS / places.length);
  let bytesRead = 0;
  const samples = await mapLimited(places, CONCURRENCY, async (index) => {
    const place = positionAt(index, grid).map((at, axis) => spans[axis]![at]!);
    const chunk = await image.readChunk(place.map((span) => span.chunk), { signal }).catch((error) => {
      throw withPath(error, pathOf(image.info));
    });
    bytesRead += chunk.storedBytes;
    const sample = pickVoxels(chunk, place, { seed, stream: index + 1, count });
    releaseMemory(chunk.values);
    return sample;
  });
  const values = Float64Array.from(samples.flatMap((sample) => [...sample.values]));
  const bright = samples.toSorted((one, other) => other.brightness - one.brightness).map(
    ({ position }): BrightVoxel => {
      const spatial = mapAxes((axis) => position.at(axis - 3)!);
      const hasDepth = image.info.axes.at(-3)?.type === "space";
      return { outer: position.slice(0, hasDepth ? -3 : -2), at: hasDepth ? spatial : [0, spatial[1], spatial[2]] };
    },
  );
  return { values: exact && !dtype.startsWith("float") ? values : Float32Array.from(values), bright, bytesRead };
}

/** Neighbouring voxels of one chunk, along one axis. */
interface Span {
  readonly chunk: number;
  /** Inside the chunk. */
  readonly first: number;
  readonly length: number;
  /** Index of the first of them: of what the image shows, along space of the whole volume. */
  readonly shown: number;
}

/** Positions to sample along an axis: of c one channel, of t each time point that was picked out, else whole chunks. */
function spansAlong(info: ImageInfo, axis: number, channel: number): Span[] {
  const { axes, shape, chunkShape, selection } = info;
  const side = chunkShape[axis]!;
  const at = (index: number): Span => {
    const stored = storedOuter(info, axes.slice(0, axis + 1).map(() => index))[axis]!;
    return { chunk: Math.floor(stored / side), first: stored % side, length: 1, shown: index };
  };
  if (axes[axis]!.name === "c") return [at(channel)];
  if (axes[axis]!.name === "t" && selection?.times) return Array.from({ length: shape[axis]! }, (_, time) => at(time));
  // What holds for a volume is decided from all of it, so that a part of it comes out as in the whole.
  const whole = placeInVolume(info).whole[axis - axes.length + 3];
  const length = axes[axis]!.type === "space" ? whole! : shape[axis]!;
  // The image may end inside its last chunk.
  return Array.from(
    { length: Math.ceil(length / side) },
    (_, chunk) => ({ chunk, first: 0, length: Math.min(side, length - chunk * side), shown: chunk * side }),
  );
}

/** Voxels of one chunk. */
interface ChunkSample {
  readonly values: Float64Array;
  /** Of the {@link BrightVoxel}. */
  readonly brightness: number;
  readonly position: readonly number[];
}

function pickVoxels(
  { values, strides }: Chunk,
  place: readonly Span[],
  { seed, stream, count }: { seed: number; stream: number; count: number },
): ChunkSample {
  const extent = place.map((span) => span.length);
  const offset = (indices: readonly number[]) => indices.reduce((sum, index, axis) => sum + index * strides[axis]!, 0);
  const start = offset(place.map((span) => span.first));
  const picks = stratifiedPicks(extent.reduce((product, side) => product * side, 1), count, { seed, stream });
  const picked = Float64Array.from(picks, (pick) => Number(values[start + offset(positionAt(pick, extent))]));
  const brightness = picked.toSorted().at(-1 - Math.min(HOT_PIXELS, picked.length - 1))!;
  const position = positionAt(picks[picked.indexOf(brightness)]!, extent);
  return { values: picked, brightness, position: position.map((at, axis) => place[axis]!.shown + at) };
}
