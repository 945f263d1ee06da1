/** The metadata documents of what is written, Zarr v3 or v2, in terms that every reader and viewer knows. */
import type { Dtype } from "shared/contract/image_info.ts";
import type { OmeVersion, StoredArray } from "shared/contract/stored_array.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { childKey } from "./zarr_node.ts";

/** A document and the key it is stored under, relative to the output. */
type Document = readonly [key: string, value: Record<string, unknown>];

/** Level of Zstandard; what `encodeBlosc` compresses with. */
const COMPRESSION_LEVEL = 1;

/** The documents of an array, in the order in which they are to be written. */
export function arrayDocuments(array: StoredArray): Document[] {
  if (array.version === "0.5") return [[childKey(array.array, "zarr.json"), v3Array(array)]];
  return [
    [childKey(array.array, ".zattrs"), { _ARRAY_DIMENSIONS: array.axes }],
    [childKey(array.array, ".zarray"), v2Array(array)],
  ];
}

/**
 * The documents of the root group, in the order in which they are to be written.
 *
 * @param arrays all arrays of the output: Zarr v2 has them consolidated, so that a reader needs one request
 */
export function rootDocuments(
  version: OmeVersion,
  attributes: Record<string, unknown>,
  arrays: readonly StoredArray[],
): Document[] {
  if (version === "0.5") return [["zarr.json", { zarr_format: 3, node_type: "group", attributes }]];
  const group: Document[] = [[".zattrs", attributes], [".zgroup", { zarr_format: 2 }]];
  const metadata = Object.fromEntries([...group, ...arrays.flatMap(arrayDocuments)]);
  return [...group, [".zmetadata", { zarr_consolidated_format: 1, metadata }]];
}

/** Lengths along all axes, from those along z, y, x; 1 along the axes before. */
function alongAllAxes({ axes }: StoredArray, sides: Vec3): number[] {
  const spatial = axes.includes("z") ? 3 : 2;
  return [...axes.slice(0, -spatial).map(() => 1), ...sides.slice(3 - spatial)];
}

function v3Array(array: StoredArray): Record<string, unknown> {
  const { dtype, shape, chunk, shard, axes } = array;
  const typesize = dtypeBytes(dtype);
  const little = { name: "bytes", configuration: { endian: "little" } };
  const codecs = [
    little,
    {
      name: "blosc",
      configuration: { cname: "zstd", clevel: COMPRESSION_LEVEL, shuffle: "shuffle", typesize, blocksize: 0 },
    },
  ];
  const sharding = {
    chunk_shape: alongAllAxes(array, chunk),
    codecs,
    index_codecs: [little, { name: "crc32c" }],
    index_location: "end",
  };
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: alongAllAxes(array, shard ?? chunk) } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: dtype === "bool" ? false : 0,
    codecs: shard === undefined ? codecs : [{ name: "sharding_indexed", configuration: sharding }],
    dimension_names: axes,
    attributes: {},
    storage_transformers: [],
  };
}

function v2Array(array: StoredArray): Record<string, unknown> {
  return {
    zarr_format: 2,
    shape: array.shape,
    chunks: alongAllAxes(array, array.chunk),
    dtype: v2Dtype(array.dtype),
    compressor: { id: "blosc", cname: "zstd", clevel: COMPRESSION_LEVEL, shuffle: 1, blocksize: 0 },
    fill_value: array.dtype === "bool" ? false : 0,
    order: "C",
    filters: null,
    dimension_separator: "/",
  };
}

/** `uint16` -> `<u2`, `bool` -> `|b1`. */
function v2Dtype(dtype: Dtype): string {
  const bytes = dtypeBytes(dtype);
  return `${bytes === 1 ? "|" : "<"}${dtype[0]}${bytes}`;
}
