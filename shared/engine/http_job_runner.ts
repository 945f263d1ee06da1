/** Jobs run by an `orchestrate` function that is served apart. */
import { JobListSchema } from "shared/contract/job_list.ts";
import { type JobEvent, JobStatusSchema } from "shared/contract/job_status.ts";
import { ImageListSchema } from "shared/contract/location.ts";
import { PlanSchema } from "shared/contract/plan.ts";
import { TileMapSchema } from "shared/contract/views/tile_map.ts";
import { callFunction, callJson } from "shared/http/call_json.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { bearer } from "shared/http/service_token.ts";
import type { EventsOptions, JobRunner } from "./job_runner.ts";

/**
 * A runner that passes every call on to `baseUrl`.
 *
 * @param token what that function asks of its callers
 */
export function httpJobRunner(baseUrl: string, token?: string): JobRunner {
  const authorized = { headers: bearer(token) };
  const at = (path: string) => new URL(path, baseUrl).href;
  const run = (id: string) => at(`/v1/runs/${encodeURIComponent(id)}`);
  return {
    plan: (request, { signal } = {}) =>
      callJson(at("/v1/plans"), PlanSchema, { ...authorized, method: "POST", body: request, signal }),
    images: async (source, { signal } = {}) => {
      const options = { ...authorized, method: "POST", body: source, signal } as const;
      return (await callJson(at("/v1/images"), ImageListSchema, options)).paths;
    },
    submit: (request, { owner, admin, idempotencyKey, keepFailure, quotas, signal } = {}) => {
      const circumstances = search({
        owner,
        admin: admin ? "true" : undefined,
        keepFailure: keepFailure ? "true" : undefined,
        quotas: quotas && JSON.stringify(quotas),
      });
      return callJson(at(`/v1/runs?${circumstances}`), JobStatusSchema, {
        method: "POST",
        body: request,
        signal,
        headers: {
          ...bearer(token),
          ...(idempotencyKey === undefined ? {} : { "idempotency-key": encodeURIComponent(idempotencyKey) }),
        },
      });
    },
    get: (id) => callJson(run(id), JobStatusSchema, authorized),
    list: (query) => callJson(at(`/v1/runs?${search(query)}`), JobListSchema, authorized),
    cancel: (id) => callJson(run(id), JobStatusSchema, { ...authorized, method: "DELETE" }),
    events: (id, options) => openEvents(`${run(id)}/events`, { ...options, token }),
    tiles: (id, { signal } = {}) => callJson(`${run(id)}/tiles`, TileMapSchema, { ...authorized, signal }),
    ready: async () => {
      const response = await callFunction(at("/readyz"), authorized);
      await response.body?.cancel();
    },
  };
}

function search(values: Readonly<Record<string, string | number | undefined>>): URLSearchParams {
  const given = Object.entries(values).flatMap(([name, value]) => value === undefined ? [] : [[name, String(value)]]);
  return new URLSearchParams(given);
}

async function openEvents(
  url: string,
  { after, signal, token }: EventsOptions & { readonly token: string | undefined },
): Promise<AsyncIterable<JobEvent>> {
  const response = await callFunction(url, {
    signal,
    headers: { ...bearer(token), ...(after === undefined ? {} : { "last-event-id": String(after) }) },
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
