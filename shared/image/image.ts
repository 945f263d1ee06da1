/**
 * Interface of every source of voxels: metadata, and chunks one at a time.
 */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import type { AxisPiece } from "./read/axis_map.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { redactUrl } from "shared/storage/url.ts";

/** Elements as they are stored; bool arrives as Uint8Array. */
export type ChunkValues =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float16Array
  | Float32Array
  | Float64Array;

/** The URL of an array, fit for messages. */
export function pathOf({ url, path }: Pick<ImageInfo, "url" | "path">): string {
  return path === "" ? redactUrl(url) : `${redactUrl(url)}/${path}`;
}

/** One decoded chunk, which the caller owns. Edge chunks have the full chunk shape; what lies past the image's end is padding. */
export interface Chunk {
  readonly values: ChunkValues;
  /** Elements between neighbours along each axis, in the order of the image's axes. */
  readonly strides: readonly number[];
  /** Bytes fetched from the store for this chunk; 0 for a missing one. */
  readonly storedBytes: number;
}

/** Voxels of a chunk, whose last axis is contiguous, and their places in a box; plain data, so that they can go to another thread. */
export interface Placing {
  /** Element of the chunk at z = y = x = 0. */
  readonly offset: number;
  /** Elements of the chunk between neighbours in z, y, x. */
  readonly strides: Vec3;
  /** Added to every value. */
  readonly raise: number;
  /** The box, x contiguous; uint16 voxels take chunks of such values only. */
  readonly target: { readonly values: Float32Array | Uint16Array; readonly shape: Vec3 };
  /** Positions along z, y, x. */
  readonly pieces: readonly [AxisPiece, AxisPiece, AxisPiece];
}

/** Chunks that an image may lack. */
interface UnstoredChunks {
  /** Value of all their voxels. */
  readonly fill: number;
  /**
   * Whether a chunk is stored, found out without reading it.
   *
   * @param coords as `readChunk` takes them
   */
  isStored(coords: readonly number[], options?: RequestOptions): Promise<boolean>;
}

/** An image that can be read chunk by chunk. */
export interface Image {
  readonly info: ImageInfo;
  /** Time of opening by the clock of the store, milliseconds since 1970; absent where it does not tell. */
  readonly openedMs?: number | undefined;
  /** Whether any chunk is stored; absent where chunks cannot be missing. */
  readonly hasStoredChunk?: ((options?: RequestOptions) => Promise<boolean>) | undefined;
  /** What stands where no chunk is stored; absent where chunks cannot be missing. */
  readonly unstored?: UnstoredChunks | undefined;
  /**
   * Fetches and decodes one chunk; a missing chunk comes back as the fill value.
   *
   * @param coords index of the chunk along each axis of `info.axes`, as stored, whatever `info.selection` says
   * @throws {ClearstackError} `corrupt-data`, `forbidden`, `store-unavailable`, `cancelled`
   */
  readChunk(coords: readonly number[], options?: RequestOptions): Promise<Chunk>;
  /**
   * As {@link readChunk}, but a thread decodes the chunk and puts voxels of it into memory that threads share. Absent where chunks
   * are stored in forms that are decoded here.
   *
   * @returns bytes fetched from the store; undefined for a chunk that is not stored, which is not placed
   */
  readonly placeChunk?:
    | ((coords: readonly number[], placing: Placing, options?: RequestOptions) => Promise<number | undefined>)
    | undefined;
}
