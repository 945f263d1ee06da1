/** An array of an output, told so fully that any process can write its part of it. */
import { z } from "zod";
import { Vec3Schema } from "./box.ts";
import { DtypeSchema } from "./image_info.ts";

/** Version of OME-Zarr. 0.4 is stored as Zarr v2, 0.5 as Zarr v3; a folder holds one of them, never both. */
export const OmeVersionSchema = z.enum(["0.4", "0.5"]);
export type OmeVersion = z.infer<typeof OmeVersionSchema>;

/** One array of an output: an OME-Zarr level. The fill value is 0. */
export const StoredArraySchema = z.strictObject({
  url: z.string().describe("the output, which is a group"),
  array: z.string().describe("path of the array inside the output, for example 0"),
  run: z.string().max(64).optional().describe("run that the output belongs to: nothing is written for any other"),
  version: OmeVersionSchema,
  dtype: DtypeSchema,
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
