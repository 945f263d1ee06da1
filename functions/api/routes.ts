/** The endpoints, described. What they do is in app.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { JobQuerySchema } from "shared/contract/job_list.ts";
import { JobListDoc, JobRequestDoc, JobStatusDoc, PlanDoc, PlanListDoc, ProblemDoc, TileMapDoc } from "./schemas.ts";

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** A problem document as an answer. */
export const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: ProblemDoc } },
});

/** Answers that any endpoint may give. */
export const anyProblem = {
  401: problem("The API key or token is missing or not valid"),
  429: problem("Too many requests in flight, or too many jobs queued or running"),
  500: problem("A defect of the service"),
};

/** Answers to a body that cannot be taken. */
export const bodyProblems = {
  400: problem("The body is malformed, or the request contradicts itself"),
  403: problem("A role that is missing, a quota, a location that the service may not use, or a store that refuses"),
  404: problem("The source or the PSF does not exist"),
  409: problem("The output is in use or already there"),
  413: problem("The body is too large"),
  415: problem("The body is not application/json"),
  422: problem("The source, the PSF or the size cannot be processed"),
  424: problem("A store cannot be reached"),
  503: problem("No usable device"),
};

const noSuchJob = { 400: problem("The id is malformed"), 404: problem("There is no such job") };

const requestBody = { body: { required: true, content: { "application/json": { schema: JobRequestDoc } } } };
const jobId = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/, "this is no id of a job").meta({
    description: "id of the job",
    examples: ["mi2x8k3f-5b0f6a1c"],
  }),
});

export const submitJob = createRoute({
  method: "post",
  path: "/v1/jobs",
  operationId: "submitJob",
  summary: "Start a job",
  description:
    "Reads the metadata of source and PSF and plans the job before it answers, so that bad input is refused here. " +
    'POST /v1/plans answers with the plan and its estimate, and starts nothing. With `series: "all"` in its source it ' +
    "starts a job for each image, which writes `A/1/0` to `A_1_0.zarr` below the output.",
  request: {
    ...requestBody,
    headers: z.object({
      "idempotency-key": z.string().min(1).max(256).optional().meta({
        description:
          "the same key with the same body is the same job, however often it is sent; with another body a 409",
      }),
    }),
  },
  responses: {
    202: {
      ...json(z.union([JobStatusDoc, JobListDoc]), "The job was accepted; with `series`, a list of one for each image"),
      headers: z.object({ location: z.string().meta({ description: "where the job, or the list, can be asked for" }) }),
    },
    ...bodyProblems,
    ...anyProblem,
  },
});

export const listJobs = createRoute({
  method: "get",
  path: "/v1/jobs",
  operationId: "listJobs",
  summary: "Jobs, newest first",
  description: "Callers see their own jobs, administrators everybody's.",
  request: { query: JobQuerySchema },
  responses: { 200: json(JobListDoc, "The jobs"), 400: problem("The query is malformed"), ...anyProblem },
});

export const getJob = createRoute({
  method: "get",
  path: "/v1/jobs/{id}",
  operationId: "getJob",
  summary: "Where a job stands",
  request: { params: jobId },
  responses: { 200: json(JobStatusDoc, "The job"), ...noSuchJob, ...anyProblem },
});

export const cancelJob = createRoute({
  method: "delete",
  path: "/v1/jobs/{id}",
  operationId: "cancelJob",
  summary: "Cancel a job",
  description:
    "Answers once nothing of the job runs any more. Finished tiles are kept. A job that has ended stays as it is.",
  request: { params: jobId },
  responses: { 200: json(JobStatusDoc, "The job as it ended"), ...noSuchJob, ...anyProblem },
});

export const jobEvents = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/events",
  operationId: "jobEvents",
  summary: "Follow a job",
  description:
    "Server-sent events `status`, `tile` and `retry`. Each holds the whole status as JSON; the stream closes after " +
    "the event with which the job ends. Reconnecting clients send Last-Event-ID, as browsers do by themselves.",
  request: {
    params: jobId,
    headers: z.object({ "last-event-id": z.string().optional().meta({ description: "id of the last event seen" }) }),
  },
  responses: {
    200: {
      description: "The events",
      content: {
        "text/event-stream": {
          schema: z.string(),
          example:
            'id: 3\nevent: tile\ndata: {"sequence":3,"type":"tile","status":{"state":"running","tilesDone":1}}\n\n',
        },
      },
    },
    204: { description: "The job has ended and all of its events were seen: browsers stop asking" },
    ...noSuchJob,
    ...anyProblem,
  },
});

export const jobTiles = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/tiles",
  operationId: "jobTiles",
  summary: "Tiles of a job",
  description:
    "How the plan arranges them, which are done, by the records in the output, and which are under way. Events of type `tile` tell " +
    "of each that is done from then on, and each event which are under way.",
  request: { params: jobId },
  responses: {
    200: json(TileMapDoc, "The tiles"),
    ...noSuchJob,
    404: problem("There is no such job, or nothing of its output yet"),
    424: problem("The store of the output cannot be reached"),
    ...anyProblem,
  },
});

export const planJob = createRoute({
  method: "post",
  path: "/v1/plans",
  operationId: "planJob",
  summary: "Plan a job without starting it",
  description: "Tiles, halo, boxes, memory in named terms, and bytes to read and write.",
  request: requestBody,
  responses: {
    200: json(z.union([PlanDoc, PlanListDoc]), "The plan; with `series`, a list of one for each image"),
    ...bodyProblems,
    ...anyProblem,
  },
});

const Health = z.strictObject({ status: z.literal("ok") });

export const health = createRoute({
  method: "get",
  path: "/healthz",
  operationId: "health",
  summary: "Whether the process is alive",
  security: [],
  responses: { 200: json(Health, "It is") },
});

export const ready = createRoute({
  method: "get",
  path: "/readyz",
  operationId: "ready",
  summary: "Whether jobs can be accepted",
  security: [],
  responses: { 200: json(Health, "They can"), 424: problem("A store cannot be reached"), 503: problem("Not now") },
});
