/** The `orchestrate` function over HTTP: the methods of a job runner, for an `api` function that is served apart. */
import { Hono } from "hono";
import { JobQuerySchema } from "shared/contract/job_list.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import { EVENT_STREAM_HEADERS, eventStream, lastEventId } from "shared/http/event_stream.ts";
import { ClearstackError } from "shared/errors.ts";
import type { MetricsAccess } from "shared/http/metrics_endpoint.ts";
import { answerMetrics } from "shared/http/metrics_endpoint.ts";
import { observeRequests } from "shared/http/observe_requests.ts";
import { answerError, httpProblem, problemResponse } from "shared/http/problem.ts";
import { readJson } from "shared/http/read_json.ts";
import { refuseWithoutToken } from "shared/http/service_token.ts";

/** What the function needs. */
export interface OrchestrateAppDeps extends Pick<MetricsAccess, "metricsToken"> {
  readonly jobs: JobRunner;
  /** Resolves if what drives and does the tasks of jobs can be reached. @default {it can} */
  readonly engineReady?: () => Promise<void>;
  /** What callers must present as a bearer token. @default {nothing} */
  readonly token?: string | undefined;
  /** Called with errors that the answer does not explain. */
  readonly log?: (line: string) => void;
}

/**
 * `POST /v1/runs`, `GET` and `DELETE /v1/runs/{id}`, `GET /v1/runs/{id}/events`, `POST /v1/plans`. `GET /readyz` says whether jobs
 * can be run, `GET /metrics` what has been done.
 */
export function createOrchestrateApp(
  { jobs, engineReady = () => Promise.resolve(), token, metricsToken, log = console.error }: OrchestrateAppDeps,
): Hono {
  const app = new Hono();
  app.use(observeRequests);
  app.onError((error) => answerError(error, log));
  app.notFound((c) => problemResponse(httpProblem(404, "Not found", `there is nothing at ${c.req.path}`)));
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    await jobs.ready();
    await engineReady();
    return c.json({ status: "ok" });
  });
  app.get("/metrics", (c) => answerMetrics(c.req.raw, { metricsToken, token }));
  app.use(async (c, next) => refuseWithoutToken(c.req.raw, token) ?? await next());
  app.post("/v1/plans", async (c) => c.json(await jobs.plan(await readJson(c.req.raw, JobRequestSchema))));
  app.post("/v1/runs", async (c) => {
    const owner = c.req.query("owner");
    const key = c.req.header("idempotency-key");
    const status = await jobs.submit(await readJson(c.req.raw, JobRequestSchema), {
      ...(owner === undefined ? {} : { owner }),
      keepFailure: c.req.query("keepFailure") === "true",
      ...(key === undefined ? {} : { idempotencyKey: decodeHeader(key) }),
    });
    return c.json(status, 202);
  });
  app.get("/v1/runs", async (c) => c.json(await jobs.list(JobQuerySchema.parse(c.req.query()))));
  app.get("/v1/runs/:id", async (c) => c.json(await jobs.get(c.req.param("id"))));
  app.delete("/v1/runs/:id", async (c) => c.json(await jobs.cancel(c.req.param("id"))));
  app.get("/v1/runs/:id/events", async (c) => {
    const controller = new AbortController();
    const after = lastEventId(c.req.raw.headers);
    const options = { signal: controller.signal, ...(after === undefined ? {} : { after }) };
    const events = await jobs.events(c.req.param("id"), options);
    return new Response(eventStream(events, { controller }), { headers: EVENT_STREAM_HEADERS });
  });
  return app;
}

/** Headers hold few characters, so this one is percent-encoded by its sender. */
function decodeHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ClearstackError("invalid-request", "the idempotency key is not percent-encoded");
  }
}
