/** The `orchestrate` function over HTTP: the methods of a job runner, for an `api` function that is served apart. */
import type { Hono } from "hono";
import { JobQuerySchema } from "shared/contract/job_list.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { LocationSchema } from "shared/contract/location.ts";
import { type Quotas, QuotasSchema } from "shared/contract/quotas.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import { EVENT_STREAM_HEADERS, eventStream, lastEventId } from "shared/http/event_stream.ts";
import { ClearstackError } from "shared/errors.ts";
import { plainLog } from "shared/telemetry/log.ts";
import { createFunctionApp, type FunctionAppOptions } from "shared/http/function_app.ts";
import { longAnswer } from "shared/http/long_answer.ts";
import { readJson } from "shared/http/read_json.ts";

interface OrchestrateAppDeps extends Omit<FunctionAppOptions, "ready"> {
  readonly jobs: JobRunner;
  /** Resolves if what drives and does the tasks of jobs can be reached. @default {it can} */
  readonly engineReady?: () => Promise<void>;
}

/**
 * `POST /v1/runs`, `GET` and `DELETE /v1/runs/{id}`, `GET /v1/runs/{id}/events` and `/tiles`, `POST /v1/plans`, `POST /v1/images`. `GET /readyz`
 * says whether jobs can be run, `GET /metrics` what has been done.
 */
export function createOrchestrateApp(
  { jobs, engineReady = () => Promise.resolve(), log = plainLog, ...options }: OrchestrateAppDeps,
): Hono {
  const app = createFunctionApp({
    ...options,
    log,
    ready: async () => {
      await jobs.ready();
      await engineReady();
    },
  });
  app.post("/v1/plans", async (c) => {
    const request = await readJson(c.req.raw, JobRequestSchema);
    return await longAnswer(c.req.raw, (signal) => jobs.plan(request, { signal }), { log });
  });
  app.post("/v1/images", async (c) => {
    const source = await readJson(c.req.raw, LocationSchema);
    const list = async (signal: AbortSignal) => ({ paths: await jobs.images(source, { signal }) });
    return await longAnswer(c.req.raw, list, { log });
  });
  app.post("/v1/runs", async (c) => {
    const owner = c.req.query("owner");
    const key = c.req.header("idempotency-key");
    const quotas = c.req.query("quotas");
    const request = await readJson(c.req.raw, JobRequestSchema);
    const circumstances = {
      ...(owner === undefined ? {} : { owner }),
      admin: c.req.query("admin") === "true",
      keepFailure: c.req.query("keepFailure") === "true",
      ...(key === undefined ? {} : { idempotencyKey: decodeHeader(key) }),
      ...(quotas === undefined ? {} : { quotas: readQuotas(quotas) }),
    };
    const submit = (signal: AbortSignal) => jobs.submit(request, { ...circumstances, signal });
    return await longAnswer(c.req.raw, submit, { log, status: 202 });
  });
  app.get("/v1/runs", async (c) => c.json(await jobs.list(JobQuerySchema.parse(c.req.query()))));
  app.get("/v1/runs/:id", async (c) => c.json(await jobs.get(c.req.param("id"))));
  app.delete("/v1/runs/:id", async (c) => c.json(await jobs.cancel(c.req.param("id"))));
  app.get("/v1/runs/:id/tiles", async (c) => {
    return c.json(await jobs.tiles(c.req.param("id"), { signal: c.req.raw.signal }));
  });
  app.get("/v1/runs/:id/events", async (c) => {
    const controller = new AbortController();
    const after = lastEventId(c.req.raw.headers);
    const options = { signal: controller.signal, ...(after === undefined ? {} : { after }) };
    const events = await jobs.events(c.req.param("id"), options);
    return new Response(eventStream(events, { controller }), { headers: EVENT_STREAM_HEADERS });
  });
  return app;
}

function readQuotas(text: string): Quotas {
  try {
    return QuotasSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ClearstackError("invalid-request", "the quotas cannot be read", { cause });
  }
}

/** Headers hold few characters, so this one is percent-encoded by its sender. */
function decodeHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ClearstackError("invalid-request", "the idempotency key is not percent-encoded");
  }
}
