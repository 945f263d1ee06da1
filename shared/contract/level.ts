/** The coarser levels of an output, and the messages of the `pyramid` function about one tile of one. */
import { z } from "zod";
import { BoxSchema, Vec3Schema } from "./box.ts";
import { ImageInfoSchema } from "./image_info.ts";
import { StoredArraySchema, StoredObjectsSchema } from "./stored_array.ts";

const FactorSchema = z.union([z.literal(1), z.literal(2)]);
const FactorsSchema = z.tuple([FactorSchema, FactorSchema, FactorSchema]).readonly();

/** One coarser level, z, y, x. */
export const LevelSchema = z.strictObject({
  shape: Vec3Schema,
  factors: FactorsSchema.describe("voxels of the level before that one voxel is the mean of, along each axis"),
  chunk: Vec3Schema,
  shard: Vec3Schema.optional(),
  tile: Vec3Schema.describe("what one task writes: whole stored objects"),
});
export type Level = z.infer<typeof LevelSchema>;

/** Message to the `pyramid` function: write one tile of a level from the level before it. URLs and numbers only. */
export const LevelTaskSchema = z.strictObject({
  planHash: z.string(),
  level: z.int().min(1),
  finer: StoredArraySchema.describe("the level before"),
  source: ImageInfoSchema.optional().describe(
    "the level before, where it is an image that was not written as levels are",
  ),
  factors: FactorsSchema,
  output: StoredArraySchema,
  tile: z.strictObject({
    index: z.int().min(0).describe("within the level"),
    outer: z.array(z.int().min(0)).describe("index along the axes before z, y, x (t, c)"),
    core: BoxSchema.describe("voxels to write"),
  }),
});
export type LevelTask = z.infer<typeof LevelTaskSchema>;

/** Answer of the `pyramid` function, also kept beside the output as the record that the tile is done. */
export const LevelReportSchema = z.strictObject({
  index: z.int().min(0),
  level: z.int().min(1),
  seconds: z.number(),
  bytesRead: z.number().describe("stored bytes fetched from the level before"),
  bytesWritten: z.number().describe("stored bytes written"),
  least: z.number().nullable().describe("smallest finite value that was read; null where there was none"),
  largest: z.number().nullable().describe("largest finite value that was read; null where there was none"),
});
export type LevelReport = z.infer<typeof LevelReportSchema>;

/** Record that a tile of a level is finished: the answer, and what was stored. */
export const LevelRecordSchema = LevelReportSchema.extend({
  objects: StoredObjectsSchema.optional(),
  crc32: z.number().optional(),
});
