/** A chunk as seen by who reads one volume: what an index along the axes before z, y, x picks out of it. */
import { withPath } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { type ChunkValues, type Image, pathOf, type Placing } from "../image.ts";
import { fillPieces } from "./scatter.ts";

interface VolumeChunkOptions extends RequestOptions {
  /** Index along each axis before z, y, x, as stored. */
  readonly outer: readonly number[];
  /** Index of the chunk along z, y, x; a 2-D image has one along z. */
  readonly at: Vec3;
}

/** The part of a chunk that belongs to one volume. */
interface VolumeChunk {
  /** The whole chunk, which the caller owns. */
  readonly values: ChunkValues;
  /** Element at z = y = x = 0 of the part. */
  readonly offset: number;
  /** Elements between neighbours in z, y, x. */
  readonly strides: Vec3;
  /** Bytes fetched from the store; 0 for a missing chunk. */
  readonly storedBytes: number;
}

/**
 * Fetches and decodes a chunk.
 *
 * @throws {ClearstackError} `corrupt-data`, `forbidden`, `store-unavailable`, `cancelled`
 */
export async function readVolumeChunk(
  image: Image,
  { outer, at, signal }: VolumeChunkOptions,
): Promise<VolumeChunk> {
  const { values, strides, storedBytes } = await image.readChunk(coordsOf(image, { outer, at }), { signal })
    .catch((error) => {
      throw withPath(error, pathOf(image.info));
    });
  return { values, ...layoutOf(image, outer, strides), storedBytes };
}

/**
 * Fetches a chunk and has a thread put voxels of it into a box, where the memory of the box is shared with threads and the image
 * can do that.
 *
 * @returns bytes fetched; undefined where nothing was placed, since the chunk is to be read in the usual way
 * @throws {ClearstackError} as {@link readVolumeChunk}
 */
export async function placeVolumeChunk(
  image: Image,
  { outer, at, signal }: VolumeChunkOptions,
  placing: Pick<Placing, "target" | "pieces" | "raise">,
): Promise<number | undefined> {
  const { placeChunk, unstored } = image;
  if (!placeChunk || !unstored || placing.target.values.buffer instanceof ArrayBuffer) return undefined;
  const { chunkShape } = image.info;
  const strides = chunkShape.map((_, axis) => chunkShape.slice(axis + 1).reduce((product, side) => product * side, 1));
  const layout = layoutOf(image, outer, strides);
  const placedBytes = await placeChunk(coordsOf(image, { outer, at }), { ...placing, ...layout }, { signal })
    .catch((error) => {
      throw withPath(error, pathOf(image.info));
    });
  if (placedBytes === undefined) fillPieces(placing.target, placing.pieces, unstored.fill + placing.raise);
  return placedBytes ?? 0;
}

/** Index along all axes of an image of the chunk at these along z, y, x. */
export function coordsOf(
  { info: { axes, chunkShape } }: Image,
  { outer, at }: Pick<VolumeChunkOptions, "outer" | "at">,
) {
  const outerChunk = outer.map((index, axis) => Math.floor(index / chunkShape[axis]!));
  return [...outerChunk, ...at.slice(3 - (axes.length - outer.length))];
}

/** Where the part of a volume lies in a chunk with these strides. */
function layoutOf({ info: { axes, chunkShape } }: Image, outer: readonly number[], strides: readonly number[]) {
  const offset = outer.reduce((sum, index, axis) => sum + (index % chunkShape[axis]!) * strides[axis]!, 0);
  const spatial = strides.slice(outer.length);
  return { offset, strides: (axes.length - outer.length === 3 ? spatial : [0, ...spatial]) as unknown as Vec3 };
}
