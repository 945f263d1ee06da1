/** Writes a volume that is in memory as an OME-Zarr, the way a microscope's software might. */
import type { Vec3 } from "shared/volume/geometry.ts";
import { encodeBlosc } from "shared/codec/blosc/blosc_frame.ts";
import type { Store } from "shared/storage/store.ts";

/** A volume and what its voxels measure. */
interface WrittenVolume {
  readonly name: string;
  readonly shape: Vec3;
  readonly voxelMicrometre: Vec3;
  /** x contiguous. */
  readonly values: Uint16Array | Float32Array;
}

/** Planes per chunk; a chunk of whole planes is a run of the volume, so nothing needs to be cut. */
const CHUNK_PLANES = 8;

/** Writes an OME-Zarr 0.5 group with one array, `0`, in chunks of whole planes. */
export async function writeVolume(store: Store, volume: WrittenVolume): Promise<void> {
  const { shape, values } = volume;
  const chunkValues = CHUNK_PLANES * shape[1] * shape[2];
  for (let chunk = 0; chunk * chunkValues < values.length; chunk++) {
    const planes = new Uint8Array(chunkValues * values.BYTES_PER_ELEMENT);
    const part = values.subarray(chunk * chunkValues, (chunk + 1) * chunkValues);
    planes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    await store.put(`0/c/${chunk}/0/0`, encodeBlosc(planes, values.BYTES_PER_ELEMENT));
  }
  await store.put("0/zarr.json", encodeJson(arrayMetadata(volume)));
  await store.put("zarr.json", encodeJson(groupMetadata(volume)));
}

function arrayMetadata({ shape, values }: WrittenVolume) {
  const { BYTES_PER_ELEMENT: typesize } = values;
  const blosc = { cname: "zstd", clevel: 1, shuffle: "shuffle", typesize, blocksize: 0 };
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: values instanceof Uint16Array ? "uint16" : "float32",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [CHUNK_PLANES, shape[1], shape[2]] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "blosc", configuration: blosc }],
    dimension_names: ["z", "y", "x"],
    attributes: {},
  };
}

function groupMetadata({ name, voxelMicrometre }: WrittenVolume) {
  const axes = ["z", "y", "x"].map((axis) => ({ name: axis, type: "space", unit: "micrometer" }));
  const coordinateTransformations = [{ type: "scale", scale: voxelMicrometre }];
  const multiscales = [{ name, axes, datasets: [{ path: "0", coordinateTransformations }] }];
  return { zarr_format: 3, node_type: "group", attributes: { ome: { version: "0.5", multiscales } } };
}

function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
