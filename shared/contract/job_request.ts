/** What a caller asks for. */
import { z } from "zod";
import { AlgorithmSchema, BackendSchema } from "./algorithm.ts";
import { HaloSchema, Vec3Schema } from "./box.ts";
import { LocationSchema, PsfLocationSchema } from "./location.ts";
import { OmeVersionSchema } from "./stored_array.ts";

const Index = z.int().min(0).max(100_000);

/** What is left out is not selected from: all channels, all time points. */
export const SelectSchema = z.strictObject({
  channels: z.array(z.union([Index, z.string().trim().min(1).max(256)], "a channel is an index from 0, or a name"))
    .min(1, "select at least one channel").max(1024).optional()
    .describe("channels by index or by name, in the order that the output shall have"),
  times: z.strictObject({
    start: Index.default(0),
    stop: Index.min(1).optional().describe("the time point after the last; all to the end where left out"),
    step: Index.min(1).default(1),
  }).optional().describe("time points from start to before stop, every step-th"),
}).refine(({ channels, times }) => channels !== undefined || times !== undefined, "select channels, times or both");
export type Select = z.infer<typeof SelectSchema>;

/** Fields of a job request. */
export const JobControlSchema = z.strictObject({
  priority: z.int().min(0).max(9).default(5).describe("among waiting jobs, 9 first; the older first among equals"),
  webhook: z.strictObject({
    url: z.url({ protocol: /^https?$/ }).max(4096).describe(
      "where the signed message that the job has ended is posted to",
    ),
  }).optional(),
});

/** How the volume is cut. */
export const TilingSchema = z.strictObject({
  tile: z.union([z.literal("auto"), Vec3Schema]).default("auto"),
  halo: z.union([z.literal("auto"), HaloSchema]).default("auto"),
});

/** Body of `POST /v1/jobs` and `POST /v1/plans`, and what the command line builds from its arguments. */
export const JobRequestSchema = z.strictObject({
  source: LocationSchema,
  select: SelectSchema.optional().describe("the channels and time points to deconvolve; all where left out"),
  psf: z.union([PsfLocationSchema, z.array(PsfLocationSchema).min(1, "name at least one PSF").max(1024)]).describe(
    "the PSF of all channels, or a list of one for each selected channel in their order; an array with a channel axis holds " +
      "one for each channel of the source",
  ),
  output: z.strictObject({
    url: z.string().min(1).max(4096).describe("URL or path of the OME-Zarr to write"),
    ifExists: z.enum(["fail", "resume", "overwrite"]).default("fail")
      .describe(
        "fail: refuse a finished output, continue an unfinished one of the same plan; resume: also accept a finished one",
      ),
    pyramid: z.enum(["auto", "none"]).default("auto").describe(
      "auto: levels of half the resolution each, until one fits a viewer's window; none: full resolution only",
    ),
    version: OmeVersionSchema.default("0.5").describe("of OME-Zarr: 0.5 is Zarr v3, 0.4 is Zarr v2"),
    shards: z.union([z.enum(["auto", "none"]), Vec3Schema]).default("auto").describe(
      "voxels z, y, x that share one stored object; auto: as many as make 64 MiB where there are more than 1000 chunks, else none",
    ),
  }),
  algorithm: AlgorithmSchema.prefault({}),
  tiling: TilingSchema.prefault({}),
  ...JobControlSchema.shape,
  backend: BackendSchema.default("auto"),
  memoryBytes: z.int().min(1).optional().describe("host memory budget in bytes"),
  seamCheck: z.union([z.literal("auto"), z.int().min(0).max(64)]).default("auto").describe(
    "places where tiles meet that are computed once more to measure the seams; auto: one for every 8 tiles, from 1 to 4",
  ),
});
export type JobRequest = z.infer<typeof JobRequestSchema>;
/** A job request before defaults are filled in. */
export type JobRequestInput = z.input<typeof JobRequestSchema>;
