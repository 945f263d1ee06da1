/** Request of a caller. */
import { z } from "zod";
import { AlgorithmSchema, BackendSchema } from "./algorithm.ts";
import { HaloSchema, Vec3Schema } from "./box.ts";
import { LocationSchema, PsfLocationSchema, UrlSchema } from "./location.ts";
import { OpticsSchema, PsfPlaneSchema, PsfSpacingSchema } from "./psf_info.ts";
import { zarrSettingFault } from "shared/image/output_form.ts";
import { OmeVersionSchema, OutputDtypeSchema, RangeSchema } from "./stored_array.ts";
import { setting } from "./setting.ts";
import { MAX_SIDE } from "shared/plan/fast_size.ts";

const Index = z.int().min(0).max(100_000);

const Range = z.tuple([z.int().min(0).max(1_000_000), z.int().min(1).max(1_000_000)]).readonly();

/** Selected channels, time points and voxels; a part that is left out selects all. */
export const SelectSchema = z.strictObject({
  channels: z.array(z.union([Index, z.string().trim().min(1).max(256)], "a channel is an index from 0, or a name"))
    .min(1, "select at least one channel").max(1024).optional()
    .describe("channels by index or by name, in the order that the output shall have"),
  times: z.strictObject({
    start: Index.default(0),
    stop: Index.min(1).optional().describe("the time point after the last; all to the end where left out"),
    step: Index.min(1).default(1),
  }).optional().describe("time points from start to before stop, every step-th"),
  box: z.strictObject({ z: Range.optional(), y: Range.optional(), x: Range.optional() }).optional().describe(
    "voxels [start, stop) of full resolution along each axis, all where left out: what is deconvolved, as a part of the whole " +
      "image that stands around it",
  ),
}).refine(
  ({ channels, times, box }) => channels !== undefined || times !== undefined || box !== undefined,
  "select channels, times or both, or a box",
);
export type Select = z.infer<typeof SelectSchema>;

/** Fields of a job request. */
export const JobControlSchema = z.strictObject({
  priority: z.int().min(0).max(9).default(5).describe(
    "among waiting jobs, 9 first; the older first among equals, and 10 minutes of waiting count as one step",
  ),
  webhook: z.strictObject({
    url: UrlSchema.refine((url) => /^https?:/i.test(url) && URL.canParse(url), "write an https: URL").describe(
      "where the signed message that the job has ended is posted to",
    ),
  }).optional(),
});

const TRIPLE = "three whole numbers";

/** What a triple must be that is neither one nor a word. */
const tripleFault = (words: string, range: string) =>
  `write ${words} [z, y, x], ${TRIPLE} ${range}, also for an image without z`;

/** Cut of the volume. */
export const TilingSchema = z.strictObject({
  tile: setting(z.union([z.literal("auto"), Vec3Schema], tripleFault("auto, or", "of at least 1")).default("auto"), {
    flag: "tile",
    example: "auto",
    help: "Z,Y,X voxels that one tile writes (Y,X for a 2-D image)",
    form: `auto, or Z,Y,X: ${TRIPLE} of at least 1, such as 32,64,64 (Y,X for a 2-D image)`,
  }),
  halo: setting(
    z.union([z.literal("auto"), HaloSchema], tripleFault("auto, or", `from 0 to ${MAX_SIDE}`)).default("auto"),
    {
      flag: "halo",
      example: "auto",
      help: "Z,Y,X voxels read around each tile where the image goes on",
      form: `auto, or Z,Y,X: ${TRIPLE} from 0 to ${MAX_SIDE}, such as 8,16,16 (Y,X for a 2-D image)`,
    },
  ),
});

/** Output of a job. */
export const OutputSchema = z.strictObject({
  url: UrlSchema.describe("URL or path to write: an OME-Zarr, or a TIFF where it ends in .tif or .tiff"),
  ifExists: z.enum(["fail", "resume", "overwrite"]).default("fail").describe(
    "fail: refuse a finished output, continue an unfinished one of the same plan; resume: also accept a finished one",
  ),
  pyramid: z.enum(["auto", "none"]).default("auto").describe(
    "auto: levels of half the resolution each, until one fits a viewer's window; none: full resolution only",
  ),
  dtype: setting(OutputDtypeSchema.default("float32"), {
    flag: "dtype",
    example: "float32",
    help: "float32, or uint16 or uint8: a half or a quarter of the bytes, in steps that OUTPUT states the scale of",
  }),
  range: setting(
    z.union([z.literal("auto"), RangeSchema], "range must be auto, or [lo, hi]: two numbers, lo below hi").optional(),
    {
      flag: "range",
      example: "LO,HI",
      help:
        "with --dtype uint16 or uint8: values that are stored as the least and the largest integer, clipped beyond; " +
        "auto (0 to 1.5 times the largest value of some tiles) unless given",
      form: "auto, or LO,HI: two numbers, LO below HI, such as 0,4095",
    },
  ),
  version: setting(OmeVersionSchema.default("0.5"), {
    flag: "ome-version",
    example: "0.5",
    help: "OME-Zarr version of OUTPUT: 0.5 (Zarr v3), or 0.4 (Zarr v2) for programs that do not read 0.5",
  }),
  verify: setting(z.boolean().default(false), {
    flag: "verify",
    help:
      "compare checksums, not sizes alone, of what an earlier run has stored and of the whole OUTPUT before it is complete",
  }),
  shards: setting(
    z.union([z.enum(["auto", "none"]), Vec3Schema], tripleFault("auto, none, or", "of at least 1")).default("auto"),
    {
      flag: "shards",
      example: "auto",
      help:
        "Z,Y,X voxels that share one stored object; none stores each chunk by itself; auto makes shards of 64 MiB where " +
        "there are more than 1000 chunks",
      form: `auto, none, or Z,Y,X: ${TRIPLE} of at least 1, such as 64,512,512 (Y,X for a 2-D image)`,
    },
  ),
}).superRefine((output, context) => {
  const fault = zarrSettingFault(output);
  if (fault !== undefined) context.addIssue({ code: "custom", path: [fault.name], message: fault.message });
  if (output.range !== undefined && output.dtype === "float32") {
    const message =
      "float32 holds every value, so a range (--range) means nothing: leave it out, or give dtype uint16 " +
      "or uint8 (--dtype)";
    context.addIssue({ code: "custom", path: ["range"], message });
  }
});

/** Body of `POST /v1/jobs` and `POST /v1/plans`; the command line builds it from its arguments. */
export const JobRequestSchema = z.strictObject({
  source: LocationSchema,
  select: SelectSchema.optional().describe("channels and time points to deconvolve; all by default"),
  psf: z.union([
    PsfLocationSchema,
    z.array(PsfLocationSchema).min(1, "name at least one PSF").max(1024),
    z.strictObject({ optics: OpticsSchema }),
  ]).describe(
    "the PSF of all channels, or a list of one for each selected channel in their order; an array with a channel axis holds " +
      "one for each channel of the source; optics have one computed for each channel, for the voxel size of the source",
  ),
  output: OutputSchema,
  algorithm: AlgorithmSchema.prefault({}),
  tiling: TilingSchema.prefault({}),
  psfPlane: setting(PsfPlaneSchema.default("focus"), {
    flag: "psf-plane",
    example: "focus",
    help: "for an image of one plane and a PSF of several: its plane of focus, or its projection along z (project)",
  }),
  psfSpacing: setting(PsfSpacingSchema.default("match"), {
    flag: "psf-spacing",
    example: "match",
    help: "where the PSF states another voxel size than the image: resample it to match, or keep it as it is",
  }),
  strict: setting(z.boolean().default(false), {
    flag: "strict",
    help: "refuse an input that would only be warned of",
  }),
  ...JobControlSchema.shape,
  backend: setting(BackendSchema.default("auto"), {
    flag: "backend",
    example: "auto",
    help: "auto (a GPU if there is one), webgpu or cpu",
  }),
  memoryBytes: setting(z.int().min(1).optional(), {
    flag: "memory",
    example: "SIZE",
    help:
      "memory to stay within, such as 2GiB; by default 60 % of what is free, at most 16 GiB; it decides tiles unless " +
      "--tile does, and so voxels",
    unit: "bytes",
  }),
  seamCheck: setting(z.union([z.literal("auto"), z.int().min(0).max(64)]).default("auto"), {
    flag: "seam-check",
    example: "auto",
    help:
      "places where tiles meet that are computed again to measure the seams; 0 for none, auto for one in every 8 tiles, " +
      "from 1 to 4; a difference beyond half of the peak ends the job",
    form: "auto, or a whole number of places from 0 to 64",
  }),
});
export type JobRequest = z.infer<typeof JobRequestSchema>;
/** A job request before defaults are filled in. */
export type JobRequestInput = z.input<typeof JobRequestSchema>;
