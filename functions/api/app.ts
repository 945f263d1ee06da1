/** The `api` function: the public HTTP endpoint, described by its own OpenAPI document. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, Next } from "hono";
import { except } from "hono/combine";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { answerProblem, answerProblems } from "shared/http/function_app.ts";
import { answerMetrics, metricsResponse } from "shared/http/metrics_endpoint.ts";
import { observeRequests } from "shared/http/observe_requests.ts";
import { httpProblem } from "shared/http/problem.ts";
import type { ViewRunner } from "shared/engine/view_runner.ts";
import { VERSION } from "shared/version.ts";
import { plainLog } from "shared/telemetry/log.ts";
import type { Auth } from "./auth/auth.ts";
import { authenticate } from "./auth/authenticate.ts";
import { requireRole } from "./auth/require_role.ts";
import { addSecuritySchemes } from "./auth/security_schemes.ts";
import type { Env } from "./env.ts";
import { addEventEndpoint, type EventEndpointDeps, EVENTS_PATH } from "./events/endpoint.ts";
import { limitSenders } from "./events/limit_senders.ts";
import { isKnownSender } from "./events/proofs/known_sender.ts";
import { addJobEndpoints, type JobEndpointsDeps } from "./job_endpoints.ts";
import { DEFAULT_LIMITS, limitBody, limitConcurrency, limitHeaders, limitPlanning, type Limits } from "./limits.ts";
import { openApiDocument } from "./openapi_document.ts";
import * as routes from "./routes.ts";
import { addViewEndpoints } from "./view_endpoints.ts";
import { createView, showImage } from "./view_routes.ts";

/** Dependencies of the function. */
export interface ApiAppDeps extends JobEndpointsDeps {
  /** Settings of authentication. @default {everybody, which suits a service on one's own machine only} */
  readonly auth?: Auth | undefined;
  /** @default {DEFAULT_LIMITS} */
  readonly limits?: Partial<Limits>;
  /** Origins of web pages that may call. @default {none} */
  readonly corsOrigins?: readonly string[];
  /** Bearer token that scrapers of `/metrics` present. @default {nothing: scrapers are callers with the role admin} */
  readonly metricsToken?: string | undefined;
  /** Upload events, where they are configured. */
  readonly events?: EventEndpointDeps | undefined;
  /** Views. @default {there are none} */
  readonly views?: ViewRunner | undefined;
  /** Called with errors that no caller is told. @default {plainLog} */
  readonly log?: (line: string) => void;
}

/** The application; `app.fetch` serves it. */
export function createApiApp(deps: ApiAppDeps): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw Object.assign(result.error, { input: "data" in result ? result.data : undefined });
    },
  });
  guardApp(app, deps);
  app.on("POST", PLANNED_PATHS, requireJson);
  addJobEndpoints(app, deps);
  if (deps.views) addViewEndpoints(app, { ...deps, views: deps.views });
  if (deps.events) addEventEndpoint(app, deps.events);
  addService(app, deps);
  return app;
}

/** Paths that anybody may ask for; senders of events prove themselves in the ways of their providers. */
const OPEN_PATHS = ["/", "/healthz", "/readyz", "/openapi.json", EVENTS_PATH];

/** Paths whose requests are planned before they are answered. */
const PLANNED_PATHS = [routes.submitJob.path, routes.planJob.path, createView.path, showImage.path];

/** Middlewares of every request, in this order. */
function guardApp(app: OpenAPIHono<Env>, { auth, corsOrigins = [], metricsToken, ...deps }: ApiAppDeps): void {
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  app.use(observeRequests);
  answerProblems(app, deps.log ?? plainLog);
  app.use(requestId(), showRequestId, secureHeaders(SECURE_HEADERS));
  app.use("/v1/*", neverStored);
  if (corsOrigins.length > 0) {
    // Senders of events ask by OPTIONS too, and for something else.
    app.use(except(EVENTS_PATH, cors({ origin: [...corsOrigins], exposeHeaders: [...EXPOSED_HEADERS], maxAge: 600 })));
  }
  app.use(limitHeaders(limits));
  if (metricsToken !== undefined) app.get("/metrics", (c) => answerMetrics(c.req.raw, { metricsToken }));
  app.use(authenticate(auth, OPEN_PATHS));
  app.use("/v1/*", except(EVENTS_PATH, limitConcurrency(limits)));
  if (deps.events) {
    const { configuration, keys } = deps.events;
    const isKnown = ({ headers, url }: Request) =>
      isKnownSender({ headers, query: new URL(url).searchParams }, configuration.sources, keys);
    app.use(EVENTS_PATH, limitSenders(limits, isKnown));
  }
  app.use(limitBody(limits));
  app.on("POST", PLANNED_PATHS, limitPlanning(limits));
}

/** Headers of answers that pages of other origins may read. */
const EXPOSED_HEADERS = ["location", "retry-after", "www-authenticate", "x-request-id"];

/** Answers are data; nothing in them is to be run or shown as a page. */
const SECURE_HEADERS = { contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } };

/** Also with answers that were not made through the context. */
async function showRequestId(c: Context<Env>, next: Next): Promise<void> {
  await next();
  c.header("x-request-id", c.get("requestId"));
}

async function neverStored(c: Context<Env>, next: Next): Promise<void> {
  await next();
  c.header("cache-control", "no-store");
}

const INDEX = `Clearstack ${VERSION}: Richardson-Lucy deconvolution of image volumes.

POST   /v1/jobs              start a job
GET    /v1/jobs              the latest jobs
GET    /v1/jobs/{id}         where a job stands
GET    /v1/jobs/{id}/events  follow a job
GET    /v1/jobs/{id}/tiles   its tiles
DELETE /v1/jobs/{id}         cancel a job
POST   /v1/plans             plan a job without starting it
POST   /v1/images            describe an image, and look at it
POST   /v1/views             make a view: an OME-Zarr computed as it is looked at
GET    /v1/views             the views
DELETE /v1/views/{id}        end a view
POST   /v1/events            tell of uploads
GET    /metrics              counts for Prometheus
GET    /openapi.json         this service, described
`;

function addService(app: OpenAPIHono<Env>, { jobs, auth }: ApiAppDeps): void {
  addSecuritySchemes(app.openAPIRegistry, auth);
  app.openapi(routes.health, (c) => c.json({ status: "ok" } as const, 200));
  app.openapi(routes.ready, async (c) => {
    await jobs.ready();
    return c.json({ status: "ok" } as const, 200);
  });
  app.get("/", (c) => c.text(INDEX));
  app.get("/metrics", (c) => {
    requireRole(c.get("principal"), "admin");
    return metricsResponse();
  });
  app.get("/openapi.json", (c) => c.json(openApiDocument(app)));
}

async function requireJson(c: Context<Env>, next: Next): Promise<Response | undefined> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    return answerProblem(c, httpProblem(415, "Unsupported media type", "send the body as application/json"));
  }
  await next();
  return undefined;
}
