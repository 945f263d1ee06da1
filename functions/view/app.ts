/**
 * The `view` function over HTTP: views for the `api` function to make, and the objects of views for viewers, who bring a signed URL and
 * no token.
 */
import { Hono } from "hono";
import { LocationSchema } from "shared/contract/location.ts";
import { ViewRequestSchema } from "shared/contract/views/view.ts";
import { QuotasSchema } from "shared/contract/quotas.ts";
import { ClearstackError } from "shared/errors.ts";
import { EVENT_STREAM_HEADERS, lastEventId } from "shared/http/event_stream.ts";
import { createFunctionApp, type FunctionAppOptions } from "shared/http/function_app.ts";
import { longAnswer } from "shared/http/long_answer.ts";
import { readJson } from "shared/http/read_json.ts";
import { plainLog } from "shared/telemetry/log.ts";
import { createPageApp, isPagePath } from "./page_app.ts";
import { pageFolder } from "./page_folder.ts";
import { createSignedApp, isSignedPath } from "./signed_app.ts";
import type { Views } from "./views.ts";

interface ViewAppDeps extends Omit<FunctionAppOptions, "ready"> {
  readonly views: Views;
}

/** A function's handler. */
interface ViewApp {
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

/**
 * `POST` and `GET /v1/views`, `GET` and `DELETE /v1/views/{id}`, `GET /v1/views/{id}/events`, `POST /v1/images` for the `api` function;
 * `/v1/views/{id}/{signature}/...` for viewers, see {@link createSignedApp}; the web page at `/`.
 */
export function createViewApp({ views, log = plainLog, ...options }: ViewAppDeps): ViewApp {
  const app = createFunctionApp({ ...options, log, ready: () => views.ready() });
  addViews(app, views, log);
  const signed = createSignedApp({ views, log });
  const page = createPageApp(pageFolder, { isApart: true });
  return { fetch: (request) => (isSignedPath(request) ? signed : isPagePath(request) ? page : app).fetch(request) };
}

function addViews(app: Hono, views: Views, log: (line: string) => void): void {
  app.post("/v1/views", async (c) => {
    const owner = c.req.query("owner");
    const quotas = c.req.query("quotas");
    const request = await readJson(c.req.raw, ViewRequestSchema);
    const circumstances = {
      ...(owner === undefined ? {} : { owner }),
      ...(quotas === undefined ? {} : { quotas: readQuotas(quotas) }),
    };
    const create = (signal: AbortSignal) => views.create(request, { ...circumstances, signal });
    return await longAnswer(c.req.raw, create, { log, status: 201 });
  });
  app.post("/v1/images", async (c) => {
    const image = await readJson(c.req.raw, LocationSchema);
    return await longAnswer(c.req.raw, (signal) => views.show(image, { signal }), { log });
  });
  app.get("/v1/views", async (c) => {
    const owner = c.req.query("owner");
    return c.json(await views.list(owner === undefined ? {} : { owner }));
  });
  app.get("/v1/views/:id", async (c) => c.json(await views.get(c.req.param("id"))));
  app.delete("/v1/views/:id", async (c) => {
    await views.remove(c.req.param("id"));
    return c.json({});
  });
  app.get("/v1/views/:id/events", async (c) => {
    const after = lastEventId(c.req.raw.headers);
    const body = await views.events(c.req.param("id"), after === undefined ? {} : { after });
    return new Response(body, { headers: EVENT_STREAM_HEADERS });
  });
}

function readQuotas(text: string) {
  try {
    return QuotasSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ClearstackError("invalid-request", "the quotas cannot be read", { cause });
  }
}
