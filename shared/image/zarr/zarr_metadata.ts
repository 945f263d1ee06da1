/**
 * Reads what a Zarr array says of itself and refuses, by name, whatever could not be decoded right. The result is normalised:
 * Zarr v3 terms, fill value spelled out.
 */
import { z } from "zod";
import { type Dtype, DtypeSchema } from "shared/contract/image_info.ts";
import { dtypeBytes, largestInteger } from "shared/volume/dtype.ts";
import { ClearstackError } from "shared/errors.ts";
import { checkCodecs, type Sharding, v2Codecs } from "./zarr_codecs.ts";
import { type CodecSpec, type Conversion, dtypeOf } from "./zarr_conversions.ts";
import { asRecord, type ZarrNode } from "./zarr_node.ts";

/** A Zarr array that can be read. */
export interface ZarrArrayMeta {
  readonly shape: readonly number[];
  /** Of the smallest piece that can be read: the inner chunk where there are shards. */
  readonly chunkShape: readonly number[];
  readonly dtype: Dtype;
  readonly dimensionNames?: readonly (string | null)[];
  /** Name of the object that holds a chunk, from the chunk's indices. */
  objectKey(coords: readonly number[]): string;
  /** Sharding, where chunks lie in shards. */
  readonly sharding?: Sharding;
  /** What turns stored numbers into those of the array, where they differ, and the value of what is not stored. */
  readonly conversion?: Conversion & { readonly fill: number };
  /** In zarrita's terms, which know nothing of shards: as if each chunk were an object. */
  readonly zarrita: {
    readonly zarr_format: 3;
    readonly node_type: "array";
    readonly shape: number[];
    readonly data_type: Dtype;
    readonly chunk_grid: { name: "regular"; configuration: { chunk_shape: number[] } };
    readonly chunk_key_encoding: { name: "v2" | "default"; configuration: { separator: "." | "/" } };
    readonly codecs: { name: string; configuration: Record<string, unknown> }[];
    readonly fill_value: number | boolean | string;
    readonly attributes: Record<string, unknown>;
  };
}

const Shape = z.array(z.int().min(0).max(Number.MAX_SAFE_INTEGER));
const ChunkShape = z.array(z.int().min(1).max(2 ** 31));
const Separator = z.enum([".", "/"]);

const V2Schema = z.looseObject({
  zarr_format: z.literal(2),
  shape: Shape,
  chunks: ChunkShape,
  dtype: z.unknown(),
  order: z.enum(["C", "F"]).default("C"),
  compressor: z.looseObject({ id: z.string() }).nullish(),
  filters: z.array(z.looseObject({ id: z.string() })).nullish(),
  dimension_separator: Separator.default("."),
  fill_value: z.unknown(),
});

/** v3 lets an extension without settings be spelled as its bare name. */
const Extension = z.preprocess(
  (value) => typeof value === "string" ? { name: value } : value,
  z.looseObject({ name: z.string(), configuration: z.record(z.string(), z.unknown()).default({}) }),
);

const V3Schema = z.looseObject({
  zarr_format: z.literal(3),
  shape: Shape,
  data_type: z.unknown(),
  chunk_grid: Extension,
  chunk_key_encoding: Extension,
  codecs: z.array(Extension),
  fill_value: z.unknown(),
  dimension_names: z.array(z.string().nullable()).nullish(),
  storage_transformers: z.array(z.unknown()).max(0, "storage transformers are not supported").nullish(),
});

/** The specification has readers refuse any other field, unless it says that it need not be understood. */
const V3_FIELDS = new Set([...Object.keys(V3Schema.shape), "node_type", "attributes", "consolidated_metadata"]);

/**
 * Interprets the metadata document of an array; `url` is for messages.
 *
 * @throws {ClearstackError} `unsupported` for a dtype, codec or layout that is not read, `corrupt-data` for metadata that break
 *   the Zarr specification
 */
export function parseZarrArray(node: ZarrNode, url: string): ZarrArrayMeta {
  return node.version === 2 ? parseV2(node, url) : parseV3(node, url);
}

function parseV2(node: ZarrNode, url: string): ZarrArrayMeta {
  const meta = parse(V2Schema, node.document, url);
  const [, order, code] = /^([<>|=])(.+)$/.exec(typeof meta.dtype === "string" ? meta.dtype : "") ?? [];
  const dtype = (code === undefined ? undefined : dtypeOf(meta.dtype)) ?? refuseDtype(meta.dtype, url);
  const dimensions = z.array(z.string()).safeParse(node.attributes._ARRAY_DIMENSIONS).data;
  return assemble(url, {
    shape: meta.shape,
    gridShape: meta.chunks,
    dtype,
    codecs: v2Codecs({ ...meta, bigEndian: order === ">", dtype: String(meta.dtype) }, url),
    keyEncoding: { name: "v2", separator: meta.dimension_separator },
    fill: meta.fill_value,
    dimensions,
  });
}

function parseV3(node: ZarrNode, url: string): ZarrArrayMeta {
  const meta = parse(V3Schema, node.document, url);
  const unknown = Object.entries(node.document).find(([name, value]) =>
    !V3_FIELDS.has(name) && asRecord(value).must_understand !== false
  );
  if (unknown !== undefined) {
    throw new ClearstackError("unsupported", `${url}: metadata field ${unknown[0]} is not understood`);
  }
  const dtype = DtypeSchema.safeParse(meta.data_type).data ?? refuseDtype(meta.data_type, url);
  if (meta.chunk_grid.name !== "regular") {
    throw new ClearstackError("unsupported", `${url}: chunk grid ${meta.chunk_grid.name} is not supported`);
  }
  const { chunk_shape } = parse(z.object({ chunk_shape: ChunkShape }), meta.chunk_grid.configuration, url);
  const encoding = meta.chunk_key_encoding;
  if (encoding.name !== "default" && encoding.name !== "v2") {
    throw new ClearstackError("unsupported", `${url}: chunk key encoding ${encoding.name} is not supported`);
  }
  const fallback = encoding.name === "default" ? "/" : ".";
  const { separator } = parse(z.object({ separator: Separator.default(fallback) }), encoding.configuration, url);
  return assemble(url, {
    shape: meta.shape,
    gridShape: chunk_shape,
    dtype,
    codecs: meta.codecs,
    keyEncoding: { name: encoding.name, separator },
    fill: meta.fill_value,
    dimensions: meta.dimension_names ?? undefined,
  });
}

interface Parts {
  readonly shape: number[];
  readonly gridShape: number[];
  readonly dtype: Dtype;
  readonly codecs: readonly CodecSpec[];
  readonly keyEncoding: { readonly name: "v2" | "default"; readonly separator: "." | "/" };
  readonly fill: unknown;
  readonly dimensions: readonly (string | null)[] | undefined;
}

function assemble(url: string, parts: Parts): ZarrArrayMeta {
  const { shape, gridShape, dtype, keyEncoding } = parts;
  if (gridShape.length !== shape.length) {
    throw new ClearstackError("corrupt-data", `${url} has ${shape.length} axes but chunks of ${gridShape.length}`);
  }
  const { chunkShape, codecs, sharding, conversion } = checkCodecs(parts.codecs, { gridShape, dtype }, url);
  const stored = conversion?.stored ?? dtype;
  const fill = normalFill(parts.fill, dtype, url);
  const prefix = keyEncoding.name === "default" ? ["c"] : [];
  return {
    shape,
    chunkShape,
    dtype,
    ...(sharding === undefined ? {} : { sharding }),
    ...(conversion === undefined ? {} : { conversion: { ...conversion, fill: Number(fill) } }),
    ...(parts.dimensions === undefined ? {} : { dimensionNames: parts.dimensions }),
    objectKey: (coords) =>
      [...prefix, ...coords.map((index, axis) => Math.floor(index * chunkShape[axis]! / gridShape[axis]!))]
        .join(keyEncoding.separator),
    zarrita: {
      zarr_format: 3,
      node_type: "array",
      shape,
      data_type: stored,
      chunk_grid: { name: "regular", configuration: { chunk_shape: [...chunkShape] } },
      chunk_key_encoding: { name: keyEncoding.name, configuration: { separator: keyEncoding.separator } },
      // One byte has no order; told one, zarrita puts booleans in the wrong places.
      codecs: codecs.map(({ name, configuration }) =>
        name === "bytes" && dtypeBytes(stored) === 1 ? { name, configuration: {} } : { name, configuration }
      ),
      fill_value: conversion === undefined ? fill : 0,
      attributes: {},
    },
  };
}

/** Fill values come as numbers, booleans, `NaN`, `Infinity`, hexadecimal bit patterns, or null (undefined: 0). */
function normalFill(fill: unknown, dtype: Dtype, url: string): number | boolean | string {
  if (dtype === "bool") return fill === true || fill === 1;
  if (fill === null || fill === undefined) return 0;
  const isFloat = dtype.startsWith("float");
  if (typeof fill === "number" && (isFloat || isHeld(fill, dtype))) {
    // 2^64 - 1 reads from JSON as 2^64, which would wrap to 0; the nearest float32 is the same.
    return dtype === "uint64"
      ? Math.min(fill, 2 ** 64 - 2048)
      : dtype === "int64"
      ? Math.min(fill, 2 ** 63 - 1024)
      : fill;
  }
  if (isFloat && (fill === "NaN" || fill === "Infinity" || fill === "-Infinity")) return fill;
  if (isFloat && typeof fill === "string" && /^0x[0-9a-f]+$/i.test(fill)) return floatFromBits(BigInt(fill), dtype);
  throw new ClearstackError("unsupported", `${url}: fill value ${JSON.stringify(fill)} is not understood for ${dtype}`);
}

/** Tells whether an integer type holds a number, which would wrap to another one otherwise. */
function isHeld(value: number, dtype: Dtype): boolean {
  const largest = largestInteger(dtype)!;
  const least = dtype.startsWith("u") ? 0 : -largest - 1;
  return Number.isInteger(value) && value >= least && value <= largest;
}

function floatFromBits(bits: bigint, dtype: Dtype): number | string {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits, true);
  const value = dtype === "float16"
    ? view.getFloat16(0, true)
    : dtype === "float32"
    ? view.getFloat32(0, true)
    : view.getFloat64(0, true);
  return Number.isFinite(value) ? value : String(value);
}

function refuseDtype(dtype: unknown, url: string): never {
  const name = typeof dtype === "string" ? dtype : Array.isArray(dtype) ? "structured" : JSON.stringify(dtype);
  const kind = /^[<>|=]?c\d|^complex/.test(name)
    ? "complex numbers"
    : /^[<>|=]?[SUO]|^string|^fixed_length_utf32|^null_term/.test(name)
    ? "text or objects"
    : "a type";
  throw new ClearstackError(
    "unsupported",
    `${url} holds ${kind} (dtype ${name}) that cannot be deconvolved; store it as an integer or float type`,
  );
}

function parse<T>(schema: z.ZodType<T>, value: unknown, url: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new ClearstackError("corrupt-data", `${url}: Zarr metadata ${issue.path.join(".")}: ${issue.message}`);
}
