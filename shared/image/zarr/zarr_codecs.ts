/**
 * Codec chains that are read. Everything else is refused by name: several combinations decode to wrong values in silence in
 * the library below.
 */
import { z } from "zod";
import type { Dtype } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import type { ShardIndexForm } from "shared/codec/shard_index.ts";
import { type CodecSpec, type Conversion, takeConversions } from "./zarr_conversions.ts";

/** The index of a shard is read whole, 16 bytes for a chunk. */
const MAX_SHARD_CHUNKS = 2 ** 20;

/** Codecs of numcodecs are spelled `numcodecs.NAME` in v3 and NAME in v2. */
const BYTES_TO_BYTES = new Set(["zstd", "gzip", "zlib", "blosc", "lz4", "shuffle", "crc32c"]);

/** Filters that are no bytes-to-bytes codecs, see zarr_conversions.ts. */
const CONVERSIONS = new Set(["bitround", "quantize", "astype", "fixedscaleoffset"]);

/** A codec without settings may be spelled as its bare name. */
const CodecList = z.array(z.preprocess(
  (value) => typeof value === "string" ? { name: value } : value,
  z.object({ name: z.string(), configuration: z.record(z.string(), z.unknown()).default({}) }),
));

const ShardingSchema = z.object({
  chunk_shape: z.array(z.int().min(1)),
  codecs: CodecList,
  index_codecs: CodecList,
  index_location: z.enum(["start", "end"]).default("end"),
});

interface ChunkFacts {
  readonly gridShape: readonly number[];
  readonly dtype: Dtype;
}

/** Arrangement of chunks in shards. */
export interface Sharding {
  /** Chunks of a shard along each axis. */
  readonly counts: readonly number[];
  /** Place of the index in the shard. */
  readonly indexAt: "start" | "end";
  readonly indexForm: ShardIndexForm;
}

/** The smallest readable pieces. */
interface Chunking {
  readonly chunkShape: readonly number[];
  /** Codecs of a piece. */
  readonly codecs: readonly CodecSpec[];
  /** Sharding, where pieces are not objects of their own. */
  readonly sharding?: Sharding;
  /** What turns stored numbers into those of the array, where they differ. */
  readonly conversion?: Conversion;
}

/** Checks a v3 codec chain, and takes shards apart. */
export function checkCodecs(codecs: readonly CodecSpec[], facts: ChunkFacts, url: string): Chunking {
  const sharding = codecs.find((codec) => codec.name === "sharding_indexed");
  if (sharding === undefined) {
    const taken = takeConversions(codecs, facts.dtype);
    checkChain(taken.codecs, { ...facts, dtype: taken.conversion?.stored ?? facts.dtype }, url);
    return { chunkShape: facts.gridShape, ...taken };
  }
  if (codecs.length > 1) refuse(url, "codecs around sharding_indexed");
  const parsed = ShardingSchema.safeParse(sharding.configuration);
  if (!parsed.success) refuse(url, `sharding_indexed with ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
  const { chunk_shape, index_codecs, index_location } = parsed.data;
  const { codecs: inner, ...conversion } = takeConversions(parsed.data.codecs, facts.dtype);
  if (inner.some((codec) => codec.name === "sharding_indexed")) refuse(url, "sharding_indexed inside sharding_indexed");
  const dtype = conversion.conversion?.stored ?? facts.dtype;
  checkChain(inner, { gridShape: chunk_shape, dtype }, url);
  const divides = chunk_shape.length === facts.gridShape.length &&
    chunk_shape.every((side, axis) => facts.gridShape[axis]! % side === 0);
  if (!divides) {
    throw new ClearstackError("corrupt-data", `${url}: chunks ${chunk_shape} do not divide shards ${facts.gridShape}`);
  }
  const counts = facts.gridShape.map((side, axis) => side / chunk_shape[axis]!);
  const chunks = counts.reduce((product, count) => product * count, 1);
  if (chunks > MAX_SHARD_CHUNKS) refuse(url, `shards of ${chunks} chunks, more than ${MAX_SHARD_CHUNKS}`);
  const indexForm = checkIndexCodecs(index_codecs, url);
  return {
    chunkShape: chunk_shape,
    codecs: inner,
    ...conversion,
    sharding: { counts, indexAt: index_location, indexForm },
  };
}

/** An index has a known length only as plain bytes, with or without a checksum after them. */
function checkIndexCodecs(codecs: readonly CodecSpec[], url: string): ShardIndexForm {
  const names = codecs.map((codec) => codec.name).join(", ");
  if (names !== "bytes" && names !== "bytes, crc32c") {
    refuse(url, names === "" ? "a shard index without codecs" : `a shard index with codecs ${names}`);
  }
  const { endian } = codecs[0]!.configuration;
  if (endian !== "little" && endian !== "big") {
    throw new ClearstackError("corrupt-data", `${url}: codec bytes does not say which endian its shard indices are`);
  }
  return { littleEndian: endian === "little", checksum: codecs.length > 1 };
}

/** The v3 codec chain that equals the filters, order and compressor of a v2 array. */
export function v2Codecs(
  meta: {
    readonly order: "C" | "F";
    readonly shape: readonly number[];
    readonly dtype: string;
    readonly bigEndian: boolean;
    readonly filters?: readonly ({ readonly id: string } & Record<string, unknown>)[] | null | undefined;
    readonly compressor?: ({ readonly id: string } & Record<string, unknown>) | null | undefined;
  },
  url: string,
): CodecSpec[] {
  let { dtype: stored, bigEndian } = meta;
  const before: CodecSpec[] = [];
  const after: CodecSpec[] = [];
  if (meta.order === "F") {
    before.push({
      name: "transpose",
      configuration: { order: meta.shape.map((_, axis) => axis).reverse() },
    });
  }
  for (const { id, ...configuration } of meta.filters ?? []) {
    if (id === "delta") {
      if (configuration.dtype !== stored) refuse(url, `filter delta of ${configuration.dtype} on ${stored}`);
      if (after.length > 0) refuse(url, "filter delta after a byte filter");
      before.push({ name: "numcodecs.delta", configuration });
    } else if (CONVERSIONS.has(id)) {
      if (after.length > 0) refuse(url, `filter ${id} after a byte filter`);
      before.push({ name: `numcodecs.${id}`, configuration });
      stored = String(configuration.astype ?? configuration.encode_dtype ?? configuration.dtype ?? stored);
      bigEndian = stored.startsWith(">");
    } else after.push({ name: `numcodecs.${id}`, configuration });
  }
  if (meta.compressor) {
    const { id, ...configuration } = meta.compressor;
    after.push({ name: `numcodecs.${id}`, configuration });
  }
  return [...before, { name: "bytes", configuration: { endian: bigEndian ? "big" : "little" } }, ...after];
}

/** transpose and delta at most once, bytes, then any number of bytes-to-bytes codecs. */
function checkChain(codecs: readonly CodecSpec[], { gridShape, dtype }: ChunkFacts, url: string): void {
  const at = codecs.findIndex((codec) => codec.name === "bytes");
  if (at < 0) refuse(url, codecs.length === 0 ? "an empty codec list" : `codec ${codecs[0]!.name} without bytes`);
  const arrayCodecs = codecs.slice(0, at).map((codec) => bareName(codec.name));
  for (const name of arrayCodecs) if (name !== "transpose" && name !== "delta") refuse(url, `codec ${name}`);
  if (new Set(arrayCodecs).size < arrayCodecs.length) refuse(url, `codec ${arrayCodecs[0]} twice`);
  for (const { name, configuration: { dtype: from, astype = from } } of codecs.slice(0, at)) {
    if (astype !== from) refuse(url, `codec ${bareName(name)} from ${from} to ${astype}`);
  }
  for (const { name } of codecs.slice(at + 1)) {
    if (!BYTES_TO_BYTES.has(bareName(name))) refuse(url, `codec ${bareName(name)}`);
  }
  if (dtype !== "bool" && !dtype.endsWith("int8") && codecs[at]!.configuration.endian === undefined) {
    throw new ClearstackError("corrupt-data", `${url}: codec bytes does not say which endian its ${dtype} are`);
  }
  const order = codecs.find((codec) => codec.name === "transpose")?.configuration.order;
  if (order !== undefined && !isPermutation(order, gridShape.length)) {
    throw new ClearstackError("corrupt-data", `${url}: transpose order ${JSON.stringify(order)} is no permutation`);
  }
}

function isPermutation(order: unknown, rank: number): boolean {
  return Array.isArray(order) && order.length === rank && gridAxes(rank).every((axis) => order.includes(axis));
}

function gridAxes(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

function bareName(name: string): string {
  return name.replace(/^numcodecs\./, "");
}

function refuse(url: string, what: string): never {
  const known =
    "zstd, gzip, zlib, blosc, lz4, shuffle, delta, bitround, quantize, astype, fixedscaleoffset, crc32c, transpose " +
    "and sharding_indexed";
  throw new ClearstackError("unsupported", `${url} uses ${what}, which is not read; known are ${known}`);
}
