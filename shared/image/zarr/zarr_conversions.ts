/**
 * Filters that store numbers as others (numcodecs): scaled and shifted, or of another type; and those that change numbers once, when
 * they are stored, and nothing when they are read. zarrita knows none of them, so it reads the stored numbers, which are turned back
 * here.
 */
import { type Dtype, DtypeSchema } from "shared/contract/image_info.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";
import type { ChunkValues } from "../image.ts";

/** A codec of Zarr v3. */
export interface CodecSpec {
  readonly name: string;
  readonly configuration: Record<string, unknown>;
}

const V2_DTYPES: Readonly<Record<string, Dtype>> = {
  b1: "bool",
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};

/** The type that a name of v2 (`<u2`) or of v3 (`uint16`) stands for; undefined for one that is not read. */
export function dtypeOf(name: unknown): Dtype | undefined {
  if (typeof name !== "string") return undefined;
  const [, code = ""] = /^[<>|=]?(.+)$/.exec(name) ?? [];
  return V2_DTYPES[code] ?? DtypeSchema.safeParse(name).data;
}

/** Numbers as they are stored, and the way back to those that they stand for. */
export interface Conversion {
  readonly stored: Dtype;
  /** @returns values of the array's type, in memory of their own */
  readonly convert: (values: ChunkValues) => ChunkValues;
}

/** One filter: the type that it stores, and the numbers that its numbers stand for. */
interface Step {
  readonly stored: Dtype;
  readonly decoded: Dtype;
  /** Absent where the type alone changes. */
  readonly value?: (stored: number) => number;
}

/**
 * Takes the conversions out of the codecs of an array, which are in the order of encoding.
 *
 * @returns the other codecs, and the conversion, if the numbers that are stored are not those of the array
 */
export function takeConversions(
  codecs: readonly CodecSpec[],
  dtype: Dtype,
): { readonly codecs: readonly CodecSpec[]; readonly conversion?: Conversion } {
  const steps: Step[] = [];
  const others = codecs.filter((codec) => {
    const step = stepOf(codec, steps.at(-1)?.stored ?? dtype);
    if (step !== undefined) steps.push(step);
    return step === undefined;
  });
  const changing = steps.filter(({ stored, decoded, value }) => stored !== decoded || value !== undefined);
  if (changing.length === 0) return { codecs: others };
  const convert = (values: ChunkValues) => changing.reduceRight<ChunkValues>(decode, values);
  return { codecs: others, conversion: { stored: steps.at(-1)!.stored, convert } };
}

function stepOf({ name, configuration }: CodecSpec, before: Dtype): Step | undefined {
  const { dtype, astype = dtype, encode_dtype, decode_dtype, scale, offset } = configuration;
  const step = (from: unknown, to: unknown, value?: Step["value"]): Step | undefined => {
    const [decoded, stored] = [dtypeOf(from), dtypeOf(to)];
    if (decoded !== before || stored === undefined || stored === "bool") return undefined;
    return { decoded, stored, ...(value === undefined ? {} : { value }) };
  };
  switch (name) {
    case "numcodecs.bitround":
      return { decoded: before, stored: before };
    case "numcodecs.quantize":
      return step(dtype, astype);
    case "numcodecs.astype":
      return step(decode_dtype, encode_dtype);
    case "numcodecs.fixedscaleoffset":
      return typeof scale === "number" && typeof offset === "number" && scale !== 0 && Number.isFinite(scale)
        ? step(dtype, astype, (stored) => stored / scale + offset)
        : undefined;
  }
  return undefined;
}

function decode(values: ChunkValues, { decoded, value = (stored) => stored }: Step): ChunkValues {
  const target = new VOXEL_ARRAYS[decoded](values.length);
  if (target instanceof BigInt64Array || target instanceof BigUint64Array) {
    for (let index = 0; index < values.length; index++) {
      target[index] = BigInt(Math.trunc(value(Number(values[index]))));
    }
  } else {
    for (let index = 0; index < values.length; index++) target[index] = value(Number(values[index]));
  }
  return target;
}
