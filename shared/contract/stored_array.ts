/** An array of an output, told so fully that any process can write its part of it, and what its numbers stand for. */
import { z } from "zod";
import { Vec3Schema } from "./box.ts";
import { DtypeSchema } from "./image_info.ts";

/** Version of OME-Zarr. 0.4 is stored as Zarr v2, 0.5 as Zarr v3; a folder holds one of them, never both. */
export const OmeVersionSchema = z.enum(["0.4", "0.5"]);
export type OmeVersion = z.infer<typeof OmeVersionSchema>;

/** Types of the voxels of an output. */
export const OutputDtypeSchema = z.enum(["float32", "uint16", "uint8"]);
export type OutputDtype = z.infer<typeof OutputDtypeSchema>;

/** A little more than float32 holds, which estimates are. */
const MAX_VALUE = 3.5e38;

/** Steps of a narrower range would vanish. */
const MIN_WIDTH = 1e-30;

const BoundSchema = z.number("a range is two numbers").min(
  -MAX_VALUE,
  `a range lies from -${MAX_VALUE} to ${MAX_VALUE}`,
)
  .max(MAX_VALUE, `a range lies from -${MAX_VALUE} to ${MAX_VALUE}`);

/** Values that an integer type stores as its least and its largest one. */
export const RangeSchema = z.tuple([BoundSchema, BoundSchema]).readonly().refine(
  ([lo, hi]) => hi - lo >= MIN_WIDTH,
  `a range runs from a lower to a higher value, at least ${MIN_WIDTH} apart`,
);
export type Range = z.infer<typeof RangeSchema>;

/** The range from 0 to this value, or the nearest one that there can be. */
export function rangeFromZero(value: number): Range {
  return [0, Math.min(Math.max(value, MIN_WIDTH), MAX_VALUE)];
}

/** What stored integers stand for: `value = offset + scale * stored`. */
export const IntensitySchema = z.strictObject({
  scale: z.number().positive().describe("value of one step"),
  offset: z.number().describe("value that is stored as 0"),
  unit: z.literal("source").describe("values are in the units of the source's voxels"),
});
export type Intensity = z.infer<typeof IntensitySchema>;

/** What the range of an integer type did not hold of some voxels. */
export const ClippingSchema = z.strictObject({
  below: z.int().min(0).describe("voxels more than half a step below the range, stored as its lower end"),
  above: z.int().min(0).describe("voxels more than half a step above the range, stored as its upper end"),
  least: z.number().describe("least value of all voxels, before it was stored"),
  largest: z.number().describe("largest value of all voxels, before it was stored"),
});
export type Clipping = z.infer<typeof ClippingSchema>;

/** One array of an output: an OME-Zarr level. The fill value is 0. */
export const StoredArraySchema = z.strictObject({
  url: z.string().describe("the output, which is a group"),
  array: z.string().describe("path of the array inside the output, for example 0"),
  run: z.string().max(64).optional().describe("run that the output belongs to: nothing is written for any other"),
  version: OmeVersionSchema,
  dtype: DtypeSchema,
  intensity: IntensitySchema.optional().describe("what its integers stand for, where they are not values themselves"),
  axes: z.array(z.string()).describe("names of all axes, ending in y, x"),
  shape: z.array(z.int().min(1)).describe("lengths of all axes"),
  chunk: Vec3Schema.describe("z, y, x; along all other axes a chunk has length 1"),
  shard: Vec3Schema.optional().describe(
    "z, y, x, a multiple of the chunk: one object holds this many voxels; 0.5 only",
  ),
});
export type StoredArray = z.infer<typeof StoredArraySchema>;

/**
 * Size and CRC-32 of stored objects by key, such as `"0/c/0/0/0": "19482 5f3a90c1"`. CRC-32 is there natively and costs a
 * hundredth of what compressing the bytes does; CRC-32C would have to be computed here and cost a tenth.
 */
export const StoredObjectsSchema = z.record(z.string(), z.string().regex(/^\d+ [0-9a-f]{8}$/));
export type StoredObjects = z.infer<typeof StoredObjectsSchema>;

/** Least and largest of some voxels, as records hold them; null where there is no finite number among them. */
export const ValueRangeSchema = z.object({ least: z.number().nullable(), largest: z.number().nullable() });
export type ValueRange = z.infer<typeof ValueRangeSchema>;
