/** Status and result of a job. */
import { z } from "zod";
import { CostSchema, EstimateSchema } from "./cost.ts";
import { DecisionsSchema } from "./decisions.ts";
import { ClippingSchema, IntensitySchema } from "./stored_array.ts";
import { JobRequestSchema } from "./job_request.ts";
import { ErrorFieldsSchema, WarningSchema } from "./problem.ts";
import { EmptyCertificateSchema, SeamCertificateSchema } from "./seam.ts";
import type { TileReport } from "./tile.ts";

export const JobStateSchema = z.enum(["queued", "running", "done", "failed", "cancelled"]);

/** `GET /v1/jobs/{id}`, and the body of the events. */
export const JobStatusSchema = z.strictObject({
  id: z.string(),
  owner: z.string().optional().describe("who submitted it, where the service tells its callers apart"),
  state: JobStateSchema,
  sequence: z.int().min(0).default(0).describe("number of the last event"),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
  request: JobRequestSchema,
  planHash: z.string().optional(),
  tiles: z.int().min(0),
  tilesDone: z.int().min(0),
  tilesResumed: z.int().min(0).describe("tiles found finished by an earlier run"),
  etaSeconds: z.number().optional(),
  warnings: z.array(WarningSchema).optional().describe("what the plan says of the inputs; absent where all is well"),
  estimate: EstimateSchema.optional().describe("what the job was expected to take when it was submitted"),
  deviceSeconds: z.number().min(0).default(0).describe("seconds of the device so far, interrupted runs included"),
  cost: CostSchema.optional().describe("of these seconds, where the service has a price"),
  result: z.lazy(() => JobResultSchema).optional(),
  error: z.strictObject({ kind: z.string(), message: z.string(), ...ErrorFieldsSchema.shape }).optional(),
});
export type JobStatus = z.infer<typeof JobStatusSchema>;

/** Report of a finished job; the object that `--json` prints. */
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
  intensity: IntensitySchema.optional().describe("what stored integers stand for; absent where the output is float32"),
  clipping: ClippingSchema.optional().describe(
    "of all tiles, those of earlier runs included, where integers are stored",
  ),
  warnings: z.array(WarningSchema).optional().describe("what the plan says of the inputs; absent where all is well"),
  seam: SeamCertificateSchema.optional().describe(
    "how well tiles agree where they meet; `seconds` has the time it took, the other numbers are of the tiles and coarser levels alone",
  ),
  empty: EmptyCertificateSchema.optional().describe("tiles that were not computed; absent where all were"),
});
export type JobResult = z.infer<typeof JobResultSchema>;

/** One server-sent event of a job; `sequence` is the event id, rising by one. */
export interface JobEvent {
  readonly sequence: number;
  readonly type: "status" | "tile" | "retry";
  readonly status: JobStatus;
  readonly tile?: TileReport;
  /** Tiles that are handed out and not done; absent where another process than the one that answers drives the job. */
  readonly underWay?: readonly number[];
  readonly message?: string;
}

/** The tiles of one of several processes: those whose index, divided by `of`, leaves `index`. */
export interface Share {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/** What a process came to that has done its share while tiles of others are missing. */
export interface ShareResult {
  readonly share: Share;
  readonly output: string;
  /** Of the whole job. */
  readonly tiles: number;
  /** By this run. */
  readonly tilesComputed: number;
  /** Of other shares. */
  readonly tilesMissing: number;
}
