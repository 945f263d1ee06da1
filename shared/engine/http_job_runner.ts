/** Jobs run by an `orchestrate` function that is served apart. */
import { z } from "zod";
import type { JobEvent } from "../contract/job_status.ts";
import { JobStatusSchema } from "../contract/job_status.ts";
import { PlanSchema } from "../contract/plan.ts";
import { callFunction, callJson } from "../http/call_json.ts";
import { readEvents } from "../http/event_stream.ts";
import type { EventsOptions, JobRunner } from "./job_runner.ts";

/** The list of jobs, `GET /v1/jobs` and `GET /v1/runs`. */
export const JobListSchema = z.strictObject({ jobs: z.array(JobStatusSchema) });

/** A runner that passes every call on to `baseUrl`. */
export function httpJobRunner(baseUrl: string): JobRunner {
  const at = (path: string) => new URL(path, baseUrl).href;
  const run = (id: string) => at(`/v1/runs/${encodeURIComponent(id)}`);
  return {
    plan: (request) => callJson(at("/v1/plans"), PlanSchema, { method: "POST", body: request }),
    submit: (request) => callJson(at("/v1/runs"), JobStatusSchema, { method: "POST", body: request }),
    get: (id) => callJson(run(id), JobStatusSchema),
    list: async (limit) => (await callJson(at(`/v1/runs?limit=${limit}`), JobListSchema)).jobs,
    cancel: (id) => callJson(run(id), JobStatusSchema, { method: "DELETE" }),
    events: (id, options) => openEvents(`${run(id)}/events`, options),
    ready: async () => {
      const response = await callFunction(at("/healthz"));
      await response.body?.cancel();
    },
  };
}

async function openEvents(url: string, { after, signal }: EventsOptions = {}): Promise<AsyncIterable<JobEvent>> {
  const response = await callFunction(url, {
    signal,
    headers: after === undefined ? {} : { "last-event-id": String(after) },
  });
  return untilAborted(response.body!, signal);
}

/** An aborted stream ends; only a broken one is an error. */
async function* untilAborted(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEvent> {
  try {
    yield* readEvents(body);
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
