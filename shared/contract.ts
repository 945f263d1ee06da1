/**
 * Everything that crosses a boundary: HTTP bodies, messages between functions, records in the bucket. Parsed once where it
 * enters; the types are inferred from the schemas. Shapes and triples count voxels in the order z, y, x.
 */
import { z } from "zod";
import { MAX_SIDE } from "./fast_size.ts";

const Side = z.int().min(1).max(1_000_000);
const Vec3Schema = z.tuple([Side, Side, Side]).readonly();
const HaloSchema = z.tuple([z.int().min(0).max(MAX_SIDE), z.int().min(0).max(MAX_SIDE), z.int().min(0).max(MAX_SIDE)])
  .readonly();

/** How voxels outside the image are made up. */
export const BoundarySchema = z.enum(["periodic", "symmetric", "nearest", "constant", "non-circulant"]);
export type Boundary = z.infer<typeof BoundarySchema>;

/** How successive estimates are extrapolated. */
export const AccelerationSchema = z.enum(["none", "shb", "biggs"]);

/** Which compute backend is asked for. */
export const BackendSchema = z.enum(["auto", "webgpu", "cpu"]);
export type BackendChoice = z.infer<typeof BackendSchema>;

/** Names an array or a file by URL (file, http, https, memory) or by a path on this machine. */
export const LocationSchema = z.strictObject({
  url: z.string().min(1).max(4096).describe("URL or path of a Zarr array or group, an OME-Zarr, or a TIFF"),
  path: z.string().max(1024).optional().describe("array inside a group, for example 0 or labels/cells"),
  axes: z.string().regex(/^t?c?z?yx$/, "axes are written in the order tczyx, for example czyx").optional()
    .describe("axes of an array that does not state them, for example zyx or tczyx"),
});
export type Location = z.infer<typeof LocationSchema>;

/** What carries the ratio back, see docs/algorithms.md. */
export const BackProjectorSchema = z.enum(["matched", "wiener-butterworth"]);

/** In which precision a GPU keeps the transform of the PSF. */
export const OtfPrecisionSchema = z.enum(["float32", "float16"]);

/** What decides the number of iterations. */
export const StopRuleSchema = z.enum(["fixed", "divergence", "held-out"]);

/** Ranges of the settings, for every place that parses or documents them. */
export const ALGORITHM_RANGES = { totalVariation: 0.1, dampingSigmas: 10 } as const;

/** The algorithm and its settings. What one excludes of another is in algorithm_rules.ts. */
export const AlgorithmSchema = z.strictObject({
  iterations: z.int("iterations must be a whole number").min(1, "iterations must be at least 1").max(100_000).default(
    20,
  ).describe("how many, or at most how many where stop is not fixed"),
  boundary: BoundarySchema.default("symmetric"),
  boundaryValue: z.number().default(0).describe("value outside the image where boundary is constant"),
  acceleration: AccelerationSchema.default("none"),
  start: z.enum(["data", "flat"]).default("data").describe("first estimate: the image itself, or a constant"),
  background: z.union(
    [z.number().min(0, "background must be at least 0"), z.literal("auto")],
    "background must be a number of at least 0, or auto",
  )
    .default(0).describe("constant light that is not of the object, in units of the image; auto estimates it"),
  totalVariation: z.number().min(0, "totalVariation must be at least 0")
    .max(ALGORITHM_RANGES.totalVariation, `totalVariation must be at most ${ALGORITHM_RANGES.totalVariation}`)
    .default(0).describe("weight of total variation; useful from 0.0005 to 0.02"),
  backProjector: BackProjectorSchema.default("matched").describe("wiener-butterworth is a preview"),
  otfPrecision: OtfPrecisionSchema.default("float32").describe(
    "of the transform of the PSF on a GPU; float16 takes less memory and time, and is not exact",
  ),
  dampingSigmas: z.number().min(0, "dampingSigmas must be at least 0")
    .max(ALGORITHM_RANGES.dampingSigmas, `dampingSigmas must be at most ${ALGORITHM_RANGES.dampingSigmas}`)
    .default(0).describe("differences of less than so many standard deviations of the photon noise are not fitted"),
  saturation: z.union(
    [z.number().positive("saturation must be above 0"), z.enum(["auto", "off"])],
    "saturation must be a positive number, auto or off",
  ).default("off").describe("values from which the image is saturated; auto is the most its integer type can hold"),
  stop: StopRuleSchema.default("fixed"),
  stopTolerance: z.number().positive("stopTolerance must be above 0").max(1, "stopTolerance must be at most 1")
    .optional()
    .describe("with stop divergence: stop once an iteration lowers the I-divergence by less than this fraction"),
  photonsPerUnit: z.number().positive("photonsPerUnit must be above 0").optional()
    .describe("photons that one unit of the image stands for; 1 for integers where it is not given"),
  seed: z.int().min(0).max(2 ** 32 - 1).default(0).describe("of the samples and draws that decide for the whole image"),
});
export type Algorithm = z.infer<typeof AlgorithmSchema>;

/** What was decided for the whole image before its first tile. */
export const DecisionsSchema = z.strictObject({
  iterations: z.int().min(1),
  background: z.number().min(0),
  scale: z.number().positive().optional().describe("intensity that decides what counts as small"),
  mean: z.number().min(0).optional().describe("what voxels beyond a non-circulant edge start from"),
  reason: z.string().optional().describe("what decided the number of iterations, where not the request did"),
});
export type Decisions = z.infer<typeof DecisionsSchema>;

/** The algorithm with everything decided, as a tile needs it; what is left out is off. */
export const TileAlgorithmSchema = z.strictObject({
  ...AlgorithmSchema.pick({ boundary: true, boundaryValue: true, acceleration: true, start: true }).shape,
  iterations: z.int().min(1),
  background: z.number().min(0).optional(),
  totalVariation: z.number().min(0).optional(),
  backProjector: BackProjectorSchema.optional(),
  otfPrecision: OtfPrecisionSchema.optional(),
  dampingSigmas: z.number().min(0).optional(),
  saturation: z.number().positive().optional(),
  scale: z.number().positive().optional(),
  mean: z.number().min(0).optional(),
});
export type TileAlgorithm = z.infer<typeof TileAlgorithmSchema>;

/** How the volume is cut. */
export const TilingSchema = z.strictObject({
  tile: z.union([z.literal("auto"), Vec3Schema]).default("auto"),
  halo: z.union([z.literal("auto"), HaloSchema]).default("auto"),
});

/** Body of `POST /v1/jobs` and `POST /v1/plans`, and what the command line builds from its arguments. */
export const JobRequestSchema = z.strictObject({
  source: LocationSchema,
  psf: LocationSchema,
  output: z.strictObject({
    url: z.string().min(1).max(4096).describe("URL or path of the OME-Zarr to write"),
    ifExists: z.enum(["fail", "resume", "overwrite"]).default("fail")
      .describe(
        "fail: refuse a finished output, continue an unfinished one of the same plan; resume: also accept a finished one",
      ),
  }),
  algorithm: AlgorithmSchema.prefault({}),
  tiling: TilingSchema.prefault({}),
  backend: BackendSchema.default("auto"),
  memoryBytes: z.int().min(1).optional().describe("host memory budget in bytes"),
  seamCheck: z.union([z.literal("auto"), z.int().min(0).max(64)]).default("auto").describe(
    "places where tiles meet that are computed once more to measure the seams; auto: one for every 8 tiles, from 1 to 4",
  ),
});
export type JobRequest = z.infer<typeof JobRequestSchema>;
/** A job request before defaults are filled in. */
export type JobRequestInput = z.input<typeof JobRequestSchema>;

/** One axis of an image. */
export const AxisSchema = z.strictObject({
  name: z.enum(["t", "c", "z", "y", "x"]),
  type: z.enum(["time", "channel", "space"]),
  unit: z.string().optional(),
});
export type Axis = z.infer<typeof AxisSchema>;

/** Element types that can be deconvolved. */
export const DtypeSchema = z.enum([
  "bool",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float16",
  "float32",
  "float64",
]);
export type Dtype = z.infer<typeof DtypeSchema>;

/** What is known of an image from its metadata alone. */
export const ImageInfoSchema = z.strictObject({
  url: z.string(),
  path: z.string().describe("array inside url; empty if url is the array"),
  format: z.enum(["zarr2", "zarr3", "tiff"]),
  dtype: DtypeSchema,
  shape: z.array(z.int().min(0)).describe("full shape, in the order of axes"),
  chunkShape: z.array(z.int().min(1)).describe("shape of the smallest readable piece"),
  axes: z.array(AxisSchema).describe("a subset of t, c, z, y, x in that order, ending in y, x"),
  scale: z.array(z.number()).describe("voxel spacing along each axis, in the axis's unit; 1 where unknown"),
  translation: z.array(z.number()).optional(),
  name: z.string().optional(),
  identity: z.string().describe(
    "hash of the metadata (and entity tag) that tells one version of the source from another",
  ),
});
export type ImageInfo = z.infer<typeof ImageInfoSchema>;

/** What is known of a PSF once it has been loaded. */
export const PsfInfoSchema = z.strictObject({
  shape: Vec3Schema,
  sha256: z.string().describe("of its normalised float32 values"),
  radius: HaloSchema.describe("half widths, in voxels from the centre, of the box that holds 99.9 % of the energy"),
});
export type PsfInfo = z.infer<typeof PsfInfoSchema>;

const StartSchema = z.tuple([z.int(), z.int(), z.int()]).readonly();
const BoxSchema = z.strictObject({ start: StartSchema, shape: Vec3Schema });

/** A core and the box it is computed on, where a tile does not fit the device as one. */
export const PieceSchema = z.strictObject({ core: BoxSchema, box: BoxSchema });
export type Piece = z.infer<typeof PieceSchema>;

/** One tile: the core it owns in the output, the box it reads, and which (t, c) plane stack it belongs to. */
export const TileSchema = z.strictObject({
  index: z.int().min(0),
  outer: z.array(z.int().min(0)).describe("index along the axes before z, y, x (t, c)"),
  core: BoxSchema.describe("voxels this tile writes: whole stored objects"),
  box: BoxSchema.describe("voxels this tile computes on: core, halo and growth; may reach outside the image"),
});
export type Tile = z.infer<typeof TileSchema>;

/** A memory claim in named terms, bytes. */
export const MemoryTermsSchema = z.record(z.string(), z.number());
export type MemoryTerms = z.infer<typeof MemoryTermsSchema>;

/** The whole job, decided before anything is launched. */
export const PlanSchema = z.strictObject({
  planHash: z.string().describe("identifies the result: same hash, same voxels"),
  source: ImageInfoSchema,
  psf: PsfInfoSchema,
  algorithm: AlgorithmSchema,
  shape: Vec3Schema.describe("spatial shape; z is 1 for a 2-D image"),
  outerShape: z.array(z.int().min(1)).describe("lengths of the axes before z, y, x"),
  tile: Vec3Schema.describe("core of a full tile"),
  halo: HaloSchema.describe("least halo on every side"),
  box: Vec3Schema.describe("largest box that is transformed"),
  grid: Vec3Schema.describe("tiles along each axis of one volume"),
  tiles: z.int().min(1),
  chunk: Vec3Schema.describe("chunk of the output; divides the tile"),
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
});
export type Plan = z.infer<typeof PlanSchema>;

/** Message to the `deconvolve` function: one tile, complete in itself. URLs and numbers only, never voxels. */
export const TileTaskSchema = z.strictObject({
  planHash: z.string(),
  source: ImageInfoSchema,
  psf: LocationSchema,
  psfSha256: z.string(),
  output: z.strictObject({ url: z.string(), array: z.string(), chunk: Vec3Schema }),
  algorithm: TileAlgorithmSchema,
  backend: BackendSchema,
  tile: TileSchema,
  pieces: z.array(PieceSchema).min(2).optional().describe("compute the tile in these, whose cores make up its own"),
});
export type TileTask = z.infer<typeof TileTaskSchema>;

/** Answer of the `deconvolve` function, also kept beside the output as the record that the tile is done. */
export const TileReportSchema = z.strictObject({
  index: z.int().min(0),
  backend: z.enum(["webgpu", "cpu"]),
  adapter: z.string(),
  seconds: z.number(),
  readSeconds: z.number(),
  kernelSeconds: z.number(),
  writeSeconds: z.number(),
  bytesRead: z.number().describe("stored bytes fetched from the source"),
  bytesWritten: z.number().describe("stored bytes written"),
  pieces: z.int().min(2).optional().describe(
    "boxes that the tile was computed in because it did not fit the device as one; they differ from it as tiles do from the " +
      "whole",
  ),
});
export type TileReport = z.infer<typeof TileReportSchema>;

/**
 * Message to the `deconvolve` function: compute `tile.box`, which has a place where tiles meet in its middle, and compare
 * `tile.core` with what the output holds there.
 */
export const SeamTaskSchema = TileTaskSchema;
export type SeamTask = z.infer<typeof SeamTaskSchema>;

/** Answer to a {@link SeamTaskSchema}; differences and peak are in the units of the image. */
export const SeamReportSchema = z.strictObject({
  index: z.int().min(0),
  largest: z.number().describe("largest absolute difference from the output"),
  rms: z.number().describe("root mean square of the differences"),
  peak: z.number().describe("largest value that the output holds there"),
});
export type SeamReport = z.infer<typeof SeamReportSchema>;

/** What the seam reports of a job come to. */
export const SeamCertificateSchema = z.strictObject({
  largest: z.number().describe("largest difference at any place, relative to the highest peak of all places"),
  places: z.int().min(1).describe("places that were compared"),
});
export type SeamCertificate = z.infer<typeof SeamCertificateSchema>;

/** Message to the `deconvolve` function: run one tile to measure it, write nothing. */
export const PilotTaskSchema = z.strictObject({
  ...TileTaskSchema.omit({ planHash: true, output: true }).shape,
  measureEvery: z.int().min(1).describe("iterations between measurements"),
  heldOut: z.strictObject({
    fraction: z.number().gt(0).lt(1),
    seed: z.int().min(0),
    photonsPerUnit: z.number().positive(),
  }).optional().describe("photons to hold out"),
});
export type PilotTask = z.infer<typeof PilotTaskSchema>;

/** One measurement: sums over the core of a tile, or over several cores. */
export const MeasurementSchema = z.strictObject({
  iteration: z.int().min(0).describe("updates applied to the estimate that was measured"),
  fit: z.number().describe("I-divergence of the data from the model"),
  heldOut: z.number().optional().describe("squared error of the held-out photons"),
});
export type Measurement = z.infer<typeof MeasurementSchema>;

/** Answer to a pilot task. */
export const PilotReportSchema = z.strictObject({
  index: z.int().min(0),
  kernelSeconds: z.number(),
  bytesRead: z.number().describe("stored bytes fetched from the source"),
  measurements: z.array(MeasurementSchema),
});
export type PilotReport = z.infer<typeof PilotReportSchema>;

/** Where a job stands. */
export const JobStateSchema = z.enum(["queued", "running", "done", "failed", "cancelled"]);

/** `GET /v1/jobs/{id}`, and the body of the events. */
export const JobStatusSchema = z.strictObject({
  id: z.string(),
  state: JobStateSchema,
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
  request: JobRequestSchema,
  planHash: z.string().optional(),
  tiles: z.int().min(0),
  tilesDone: z.int().min(0),
  tilesResumed: z.int().min(0).describe("tiles found finished by an earlier run"),
  etaSeconds: z.number().optional(),
  result: z.lazy(() => JobResultSchema).optional(),
  error: z.strictObject({ kind: z.string(), message: z.string() }).optional(),
});
export type JobStatus = z.infer<typeof JobStatusSchema>;

/** What a finished job reports; the object that `--json` prints. */
export const JobResultSchema = z.strictObject({
  backend: z.enum(["webgpu", "cpu"]),
  adapter: z.string(),
  voxels: z.int(),
  tiles: z.int(),
  tilesComputed: z.int(),
  iterations: z.int(),
  decisions: DecisionsSchema.optional().describe("what a pilot decided, where the request left something open"),
  seconds: z.number(),
  kernelSeconds: z.number(),
  bytesRead: z.number(),
  bytesWritten: z.number(),
  output: z.string(),
  seam: SeamCertificateSchema.optional().describe(
    "how well tiles agree where they meet; `seconds` has the time it took, the other numbers are of the tiles alone",
  ),
});
export type JobResult = z.infer<typeof JobResultSchema>;

/** One server-sent event of a job; `sequence` is the event id, rising by one. */
export interface JobEvent {
  readonly sequence: number;
  readonly type: "status" | "tile" | "retry";
  readonly status: JobStatus;
  readonly tile?: TileReport;
  readonly message?: string;
}

/** RFC 9457 problem document. */
export const ProblemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  issues: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof ProblemSchema>;
