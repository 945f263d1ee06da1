/** A chunk as seen by who reads one volume: what an index along the axes before z, y, x picks out of it. */
import { withPath } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { type ChunkValues, type Image, pathOf } from "../image.ts";

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
  const { axes, chunkShape } = image.info;
  const outerChunk = outer.map((index, axis) => Math.floor(index / chunkShape[axis]!));
  const spatialAxes = axes.length - outer.length;
  const coords = [...outerChunk, ...at.slice(3 - spatialAxes)];
  const { values, strides, storedBytes } = await image.readChunk(coords, { signal }).catch((error) => {
    throw withPath(error, pathOf(image.info));
  });
  const offset = outer.reduce((sum, index, axis) => sum + (index % chunkShape[axis]!) * strides[axis]!, 0);
  const spatial = strides.slice(outer.length);
  return {
    values,
    offset,
    strides: (spatialAxes === 3 ? spatial : [0, ...spatial]) as unknown as Vec3,
    storedBytes,
  };
}
