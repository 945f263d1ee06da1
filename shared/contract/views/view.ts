/** Views: outputs that are computed as they are looked at. */
import { z } from "zod";
import { JobControlSchema, JobRequestSchema } from "../job_request.ts";
import { ErrorFieldsSchema } from "../problem.ts";
import { PlanSchema } from "../plan.ts";

const NOT_OF_VIEWS = { output: true, seamCheck: true, priority: true, webhook: true } as const satisfies Partial<
  Record<"output" | "seamCheck" | keyof typeof JobControlSchema.shape, true>
>;

/** A job request without what only a job has: an output, a check of seams, a place in the queue. */
const ViewedJobSchema = JobRequestSchema.omit(NOT_OF_VIEWS);

/** Body of `POST /v1/views`: what to deconvolve, or the job whose result is to be looked at while it is made. */
export const ViewRequestSchema = z.union([
  z.strictObject({ job: z.string().regex(/^[\w-]{1,64}$/, "this is no id of a job").describe("id of the job") }),
  ViewedJobSchema,
]);
export type ViewRequest = z.infer<typeof ViewRequestSchema>;

/** A view. */
export const ViewSchema = z.strictObject({
  id: z.string(),
  owner: z.string().optional().describe("who made it, where the service tells its callers apart"),
  job: z.string().optional().describe("the job whose tiles it shows"),
  created: z.iso.datetime(),
  expires: z.iso.datetime().describe("until then its URLs are answered"),
  urls: z.strictObject({
    "0.5": z.string().describe("root of an OME-Zarr 0.5"),
    "0.4": z.string().describe("the same as an OME-Zarr 0.4"),
    "events": z.string().describe(
      "server-sent events: `tile` for each tile that is finished, `under-way` with those that are asked for",
    ),
  }).describe("signed, for whoever has them: viewers send no headers"),
  plan: PlanSchema,
  tilesDone: z.int().min(0).describe("tiles of full resolution in the cache"),
  error: z.strictObject({ kind: z.string(), message: z.string(), ...ErrorFieldsSchema.shape }).optional().describe(
    "why nothing can be computed: what the image leaves to be decided could not be",
  ),
});
export type View = z.infer<typeof ViewSchema>;

export const ViewListSchema = z.strictObject({ views: z.array(ViewSchema).describe("newest first") });
export type ViewList = z.infer<typeof ViewListSchema>;

/** One server-sent event of a view. */
export type ViewEvent = ViewTileEvent | ViewWorkEvent;

/** Tiles that are asked for and not there yet have become others. Those who come later are told of the latest alone. */
interface ViewWorkEvent {
  /** Of the last tile before it. */
  readonly sequence: number;
  readonly type: "under-way";
  readonly underWay: readonly number[];
}

/** A tile is there; `sequence` is the event id, rising by one. */
export interface ViewTileEvent {
  readonly sequence: number;
  readonly type: "tile";
  /** Tile of full resolution that is in the cache from now on. */
  readonly index: number;
  /** Index along the axes before z, y, x. */
  readonly outer: readonly number[];
  /** First voxel along z, y, x. */
  readonly origin: readonly [number, number, number];
  readonly shape: readonly [number, number, number];
  /** Tiles finished so far, this one included. */
  readonly tilesDone: number;
}
