/** The contract's schemas as the OpenAPI document names and illustrates them. */
import { z } from "@hono/zod-openapi";
import { JobListSchema } from "shared/contract/job_list.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { JobResultSchema, JobStatusSchema } from "shared/contract/job_status.ts";
import { PlanListSchema, PlanSchema } from "shared/contract/plan.ts";
import { ProblemSchema } from "shared/contract/problem.ts";
import { TileMapSchema } from "shared/contract/views/tile_map.ts";
import { LocationSchema } from "shared/contract/location.ts";
import { ShownImageSchema } from "shared/contract/views/shown_image.ts";
import { ViewListSchema, ViewRequestSchema, ViewSchema } from "shared/contract/views/view.ts";
import { PROBLEM_TYPE } from "shared/http/problem.ts";

const exampleRequest = {
  source: { url: "https://example.org/cells.ome.zarr", path: "0" },
  psf: { url: "https://example.org/psf.tif" },
  output: { url: "/data/cells-deconvolved.ome.zarr" },
  algorithm: { iterations: 20, background: "auto" },
};

const channelsRequest = {
  ...exampleRequest,
  select: { channels: ["DAPI", 2], times: { start: 0, stop: 10 } },
  psf: [{ url: "https://example.org/psf-461.tif" }, { url: "https://example.org/psf-668.tif" }],
};

export const JobRequestDoc = JobRequestSchema.meta({ id: "JobRequest", examples: [exampleRequest, channelsRequest] });

const JobResultDoc = JobResultSchema.meta({ id: "JobResult" });

export const JobStatusDoc = JobStatusSchema.extend({ request: JobRequestDoc, result: JobResultDoc.optional() }).meta({
  id: "JobStatus",
  examples: [{
    id: "mi2x8k3f-5b0f6a1c",
    owner: "facility",
    sequence: 42,
    state: "running",
    created: "2026-01-05T09:30:00.000Z",
    updated: "2026-01-05T09:31:12.000Z",
    request: exampleRequest,
    planHash: "9f2c0f6b1d5e",
    tiles: 96,
    tilesDone: 40,
    tilesResumed: 0,
    etaSeconds: 101,
  }],
});

export const JobListDoc = JobListSchema.extend({ jobs: z.array(JobStatusDoc) }).meta({ id: "JobList" });

export const TileMapDoc = TileMapSchema.meta({ id: "TileMap" });

export const PlanDoc = PlanSchema.meta({ id: "Plan" });

export const PlanListDoc = PlanListSchema.extend({ plans: z.array(PlanDoc) }).meta({ id: "PlanList" });

const { output: _, ...viewedRequest } = exampleRequest;

export const ViewRequestDoc = ViewRequestSchema.meta({
  id: "ViewRequest",
  examples: [viewedRequest, { job: "mi2x8k3f-5b0f6a1c" }],
});

export const ViewDoc = ViewSchema.extend({ plan: PlanDoc }).meta({ id: "View" });

export const ViewListDoc = ViewListSchema.extend({ views: z.array(ViewDoc) }).meta({ id: "ViewList" });

export const LocationDoc = LocationSchema.meta({ id: "Location", examples: [exampleRequest.source] });

export const ShownImageDoc = ShownImageSchema.meta({ id: "ShownImage" });

/** Error of a request. */
export const ProblemDoc = ProblemSchema.meta({
  id: "Problem",
  description: `RFC 9457 problem document; type is ${PROBLEM_TYPE} and the kind of the error`,
  examples: [{
    type: `${PROBLEM_TYPE}invalid-request`,
    title: "The request is invalid",
    status: 400,
    detail: "algorithm.iterations: iterations must be at least 1",
    path: "algorithm.iterations",
    value: 0,
    issues: [{ path: "algorithm.iterations", message: "iterations must be at least 1" }],
  }],
});
