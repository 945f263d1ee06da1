/**
 * A Zarr array as an image. zarrita decodes chunks; what it is told and what it returns is checked here. It is told nothing of
 * shards, since it reads those with their index at the start as zeros: each chunk of a shard is shown to it as an object.
 */
import * as zarr from "zarrita";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { decodeStage, maxStoredBytes, registerCodecs } from "shared/codec/codecs.ts";
import { codecWork } from "shared/codec/threads/codec_threads.ts";
import type { DecodeStage, StoredForm } from "shared/codec/threads/place_work.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { recycleMemory } from "shared/process/recycle_memory.ts";
import type { ReadableStore, RequestOptions } from "shared/storage/store.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import type { Chunk, ChunkValues, Image } from "../image.ts";
import { hasStoredChunk } from "./stored_chunks.ts";
import { explainRefusals } from "./refused_chunk.ts";
import { shardReader, type StoredChunks } from "./shard_reader.ts";
import type { ZarrArrayMeta } from "./zarr_metadata.ts";
import { childKey } from "./zarr_node.ts";

/** Request options that travel through zarrita and come back with what was fetched. */
interface TalliedOptions extends RequestOptions {
  storedBytes: number;
  /** The stored chunk. */
  stored?: Uint8Array;
}

/** Makes an image of an array whose metadata were checked. */
export function zarrImage(store: ReadableStore, meta: ZarrArrayMeta, info: ImageInfo): Image {
  registerCodecs();
  const itemBytes = Math.max(dtypeBytes(info.dtype), dtypeBytes(meta.conversion?.stored ?? info.dtype));
  const maxBytes = maxStoredBytes(info.chunkShape.reduce((product, side) => product * side, itemBytes));
  const isFixed = info.plannedMs !== undefined;
  const stored = explainRefusals(storedChunks(store, meta, { path: info.path, maxBytes, isFixed }));
  const form = storedForm(meta);
  const array = new zarr.Array(
    readableStore(stored, meta),
    `/${info.path}`,
    meta.zarrita as never,
  );
  const nameOf = (coords: readonly number[]) => `${store.url}/${childKey(info.path, meta.objectKey(coords))}`;
  return {
    info,
    unstored: { fill: fillValue(meta), isStored: stored.isStored },
    hasStoredChunk: (options = {}) => hasStoredChunk(store, { ...meta, path: info.path }, options),
    async readChunk(coords, { signal } = {}): Promise<Chunk> {
      const tally: TalliedOptions = { signal, storedBytes: 0 };
      try {
        const chunk = await array.getChunk([...coords], tally as never);
        const plain = plainValues(chunk.data);
        const values = tally.stored === undefined ? missing(plain, meta) : meta.conversion?.convert(plain) ?? plain;
        if (tally.stored !== undefined && tally.stored.buffer !== values.buffer) recycleMemory(tally.stored);
        return { values, strides: chunk.stride, storedBytes: tally.storedBytes };
      } catch (error) {
        throw chunkError(error, nameOf(coords));
      }
    },
    placeChunk: form && (async (coords, placing, { signal } = {}) => {
      const { bytes, fetched } = await stored.read(coords, { signal });
      if (bytes === undefined) return undefined;
      try {
        recycleMemory(await codecWork({ ...placing, do: "place", form }, bytes));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new ClearstackError("corrupt-data", `${nameOf(coords)} is damaged${reason}`, { cause: error });
      }
      return fetched;
    }),
  };
}

/** A chunk that is not stored; zarrita knows of no fill value but that of stored numbers. */
function missing(filled: ChunkValues, { dtype, conversion }: ZarrArrayMeta): ChunkValues {
  if (conversion === undefined) return filled;
  const values = new VOXEL_ARRAYS[dtype](filled.length);
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return values.fill(BigInt(conversion.fill));
  return values.fill(conversion.fill);
}

/** What codec threads must know of the chunks; undefined where they are decoded by more than the codecs of bytes. */
function storedForm({ zarrita, conversion, dtype, chunkShape }: ZarrArrayMeta): StoredForm | undefined {
  const [first, ...others] = zarrita.codecs;
  const isPlain = first?.name === "bytes" && first.configuration.endian !== "big" && dtype !== "bool";
  if (!isPlain || conversion !== undefined) return undefined;
  const stages = others.map(({ name, configuration }) =>
    decodeStage(name, configuration, { dataType: dtype, shape: chunkShape })
  );
  if (stages.includes(undefined)) return undefined;
  const chunkBytes = chunkShape.reduce((product, side) => product * side, dtypeBytes(dtype));
  return { stages: stages.reverse() as DecodeStage[], dtype, chunkBytes };
}

/** Answers that are kept: neighbouring tiles ask for the chunks in each other's halos. */
const ANSWERS_KEPT = 4096;

interface StoredChunksOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** True for an image that is read as it was at a time, so that no chunk comes to be stored. */
  readonly isFixed: boolean;
}

function storedChunks(
  store: ReadableStore,
  { sharding, objectKey }: ZarrArrayMeta,
  { path, maxBytes, isFixed }: StoredChunksOptions,
): StoredChunks {
  const keyOf = (coords: readonly number[]) => childKey(path, objectKey(coords));
  if (sharding) return shardReader(store, sharding, { objectKey: keyOf, maxBytes });
  const answers = isFixed ? new RecentCache<string, boolean>(ANSWERS_KEPT) : undefined;
  const look = async (key: string, options?: RequestOptions) => await store.head(key, options) !== undefined;
  return {
    async read(coords, options) {
      const bytes = await store.get(keyOf(coords), { ...options, maxBytes });
      return { bytes, fetched: bytes?.length ?? 0 };
    },
    async isStored(coords, options) {
      const key = keyOf(coords);
      return await (answers?.get(key, (signal) => look(key, { signal }), options?.signal) ?? look(key, options));
    },
  };
}

/** The value of what is not stored, as the array's type holds it. */
function fillValue({ dtype, conversion, zarrita }: ZarrArrayMeta): number {
  const fill = Number(conversion?.fill ?? zarrita.fill_value);
  const held = new VOXEL_ARRAYS[dtype](1);
  if (held instanceof BigInt64Array || held instanceof BigUint64Array) held.fill(BigInt(fill));
  else held.fill(fill);
  return Number(held[0]);
}

/** Our store in zarrita's terms; keys there start with a slash. It asks for nothing but whole chunks. */
function readableStore(stored: StoredChunks, { shape }: ZarrArrayMeta): zarr.AsyncReadable {
  return {
    async get(key, options) {
      const { bytes, fetched } = await stored.read(chunkIndices(key, shape.length), { signal: options?.signal });
      if (options !== undefined) Object.assign(options, { storedBytes: fetched, stored: bytes });
      return bytes;
    },
  };
}

/** The indices that a chunk's key ends in: `/0/c/1/2/3` or `/0/1.2.3`. */
function chunkIndices(key: string, rank: number): number[] {
  return key.split(/[./]/).slice(-rank).map(Number);
}

/** zarrita gives booleans in a wrapper of its own; any other byte than 0 means true. */
function plainValues(data: unknown): ChunkValues {
  if (!(data instanceof zarr.BoolArray)) return data as ChunkValues;
  return new Uint8Array(data.buffer, data.byteOffset, data.length).map((value) => value === 0 ? 0 : 1);
}

function chunkError(error: unknown, chunk: string): unknown {
  if (isClearstackError(error)) return error;
  if (!zarr.isZarritaError(error)) return new ClearstackError("corrupt-data", `${chunk} is damaged`, { cause: error });
  const { cause } = error;
  if (isClearstackError(cause)) return cause;
  const codec = zarr.isZarritaError(error, "CodecPipelineError") ? ` (codec ${error.codec})` : "";
  const reason = cause instanceof Error ? cause.message : error.message;
  return new ClearstackError("corrupt-data", `${chunk} is damaged${codec}: ${reason}`, { cause: error });
}
