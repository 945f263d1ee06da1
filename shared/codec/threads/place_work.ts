/** Decoding a chunk and putting its voxels where they belong in a box, in one go. */
import type { Dtype } from "shared/contract/image_info.ts";
import type { ChunkValues, Placing } from "shared/image/image.ts";
import { raised, scatter } from "shared/image/read/scatter.ts";
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";
import { type DecoderName, DECODERS, type DecoderSettings } from "../decoders.ts";

/** A decoder and what it is told. */
export interface DecodeStage {
  readonly codec: DecoderName;
  readonly settings: DecoderSettings;
}

/** What is stored of a chunk. */
export interface StoredForm {
  /** In the order of decoding. */
  readonly stages: readonly DecodeStage[];
  /** Little-endian, x contiguous. */
  readonly dtype: Dtype;
  /** Bytes of the decoded chunk. */
  readonly chunkBytes: number;
}

/** A chunk to place. */
export interface PlaceWork extends Placing {
  readonly do: "place";
  readonly form: StoredForm;
}

/**
 * @param bytes of the stored chunk, which are only read
 * @throws {Error} with what is wrong with them
 */
export async function placeChunk(
  { form, offset, strides, raise, target, pieces }: PlaceWork,
  bytes: Uint8Array,
): Promise<void> {
  const plain = await decode(form, bytes);
  const values = valuesOf(form.dtype, plain);
  scatter(target, { values: raise === 0 ? values : raised(values, raise), offset, strides }, pieces);
  if (plain.buffer !== bytes.buffer) recycleMemory(plain);
}

async function decode({ stages, chunkBytes }: StoredForm, bytes: Uint8Array): Promise<Uint8Array> {
  let plain = bytes;
  for (const { codec, settings } of stages) {
    const decoded = await decodeStage(codec, plain, settings);
    if (plain.buffer !== bytes.buffer && plain.buffer !== decoded.buffer) recycleMemory(plain);
    plain = decoded;
  }
  if (plain.length === chunkBytes) return plain;
  throw new Error(` (codec bytes): it holds ${plain.length} bytes where ${chunkBytes} were expected`);
}

async function decodeStage(codec: DecoderName, bytes: Uint8Array, settings: DecoderSettings): Promise<Uint8Array> {
  try {
    return await DECODERS[codec](bytes, settings);
  } catch (error) {
    throw new Error(` (codec ${codec}): ${error instanceof Error ? error.message : error}`);
  }
}

function valuesOf(dtype: Dtype, bytes: Uint8Array): ChunkValues {
  const itemBytes = dtypeBytes(dtype);
  const { buffer, byteOffset, length } = bytes.byteOffset % itemBytes === 0 ? bytes : bytes.slice();
  return new VOXEL_ARRAYS[dtype](buffer as ArrayBuffer, byteOffset, length / itemBytes);
}
