/** A job, planned. */
import { z } from "zod";
import { AlgorithmSchema } from "./algorithm.ts";
import { HaloSchema, Vec3Schema } from "./box.ts";
import { EstimateSchema } from "./cost.ts";
import { DecisionsSchema } from "./decisions.ts";
import { ImageInfoSchema } from "./image_info.ts";
import { LevelSchema } from "./level.ts";
import { JobPsfSchema } from "./psf_info.ts";
import { WarningSchema } from "./problem.ts";
import { OmeVersionSchema, OutputDtypeSchema, RangeSchema } from "./stored_array.ts";

/** A memory claim in named terms, bytes. */
const MemoryTermsSchema = z.record(z.string(), z.number());
export type MemoryTerms = z.infer<typeof MemoryTermsSchema>;

/** The whole job, decided before anything is launched. */
export const PlanSchema = z.strictObject({
  planHash: z.string().describe("identifies the result: same hash, same voxels"),
  source: ImageInfoSchema,
  psf: JobPsfSchema,
  algorithm: AlgorithmSchema,
  shape: Vec3Schema.describe("spatial shape; z is 1 for a 2-D image"),
  outerShape: z.array(z.int().min(1)).describe("lengths of the axes before z, y, x"),
  tile: Vec3Schema.describe("core of a full tile"),
  halo: HaloSchema.describe("least halo on every side where the volume goes on"),
  box: Vec3Schema.describe("largest box that is transformed"),
  grid: Vec3Schema.describe("tiles along each axis of one volume"),
  tiles: z.int().min(1),
  omeVersion: OmeVersionSchema.describe("of the output"),
  outputDtype: OutputDtypeSchema.default("float32"),
  outputRange: z.union([RangeSchema, z.literal("auto")]).optional().describe(
    "values that integers of the output hold, as asked for; what auto stands for is among the decisions",
  ),
  chunk: Vec3Schema.describe("chunk of the output; divides the tile"),
  shard: Vec3Schema.optional().describe("chunks of this many voxels share an object; divides the tile"),
  levels: z.array(LevelSchema).describe("coarser levels of the output, finest first"),
  concurrency: z.int().min(1).describe("tiles in flight in one process"),
  voxels: z.int().min(1),
  hostMemory: MemoryTermsSchema,
  hostBytes: z.number(),
  deviceMemory: MemoryTermsSchema,
  deviceBytes: z.number(),
  bytesRead: z.number().describe("uncompressed source bytes, chunk by chunk, halo included"),
  bytesWritten: z.number().describe("uncompressed output bytes"),
  readAmplification: z.number().describe("bytes read over bytes of the image"),
  inflation: z.number().describe("computed voxels over useful voxels"),
  decisions: DecisionsSchema.optional().describe("once a pilot has decided what the request leaves open"),
  estimate: EstimateSchema.optional(),
  warnings: z.array(WarningSchema).default([]),
});
export type Plan = z.infer<typeof PlanSchema>;

/** Plans of all images of a source, in its order. */
export const PlanListSchema = z.strictObject({ plans: z.array(PlanSchema) });
