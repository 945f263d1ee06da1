/** An image that is no Zarr, as an OME-Zarr 0.5 of one level, whose chunks are read and encoded as they are asked for. */
import type { StoredArray } from "shared/contract/stored_array.ts";
import { codecWork } from "shared/codec/threads/codec_threads.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Image } from "shared/image/image.ts";
import { rootAttributes } from "shared/image/ome/ome_metadata.ts";
import { boxDataType } from "shared/image/read/box_data_type.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { encodeJson } from "shared/image/zarr/json.ts";
import { arrayDocuments, rootDocuments } from "shared/image/zarr/zarr_documents.ts";
import { mapAxes, type Vec3 } from "shared/volume/geometry.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import { chunkPlace } from "../http/object_key.ts";

/** Sides of a chunk: rows of one plane, as TIFFs store them, 2 MiB of float32 at most. */
const CHUNK: Vec3 = [1, 256, 2048];

/** The array that stands for an image. */
function arrayOf({ info }: Image): StoredArray {
  const shape = spatialShape(info);
  return {
    ...{ url: "", array: "0", version: "0.5", axes: info.axes.map(({ name }) => name), shape: info.shape },
    // What holds every value exactly that is read of the image.
    dtype: boxDataType({ dtype: info.dtype, boundary: "nearest" }),
    chunk: mapAxes((axis) => Math.min(CHUNK[axis], shape[axis])),
  };
}

/**
 * The object under a key; undefined where there is none.
 *
 * @throws {ClearstackError} what reading the image throws
 */
export async function zarrObject(image: Image, key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const array = arrayOf(image);
  const document = documentsOf(image, array).find(([name]) => name === key);
  if (document !== undefined) return encodeJson(document[1]);
  const place = chunkPlace(key, "0.5", [array]);
  if (place === undefined) return undefined;
  const dataType = array.dtype === "uint16" ? "uint16" : "float32";
  const box = { start: mapAxes((axis) => place.at[axis] * array.chunk[axis]), shape: array.chunk };
  // What lies past the end of the image is no part of it.
  const options = { outer: place.outer, box, boundary: "constant", dataType, signal } as const;
  const { values } = await readBox(image, options);
  return await codecWork({ do: "encode-blosc", elementBytes: values.BYTES_PER_ELEMENT }, bytesOf(values));
}

function documentsOf({ info }: Image, array: StoredArray) {
  const attributes = rootAttributes(info, { version: "0.5", levels: [], dtype: array.dtype, provenance: {} });
  return [...rootDocuments("0.5", attributes, [array]), ...arrayDocuments(array)];
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer, byteOffset, byteLength);
  throw new ClearstackError("internal", "voxels to be encoded lie in memory that threads share");
}
