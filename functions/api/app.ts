/** The `api` function: the public HTTP endpoint, described by its own OpenAPI document. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import type { Problem } from "shared/contract/problem.ts";
import { toClearstackError } from "shared/errors.ts";
import { httpProblem, toProblem } from "shared/http/problem.ts";
import { MAX_BODY_BYTES } from "shared/http/read_json.ts";
import { VERSION } from "shared/version.ts";
import type { Env } from "./env.ts";
import type { JobEndpointsDeps } from "./job_endpoints.ts";
import { addJobEndpoints } from "./job_endpoints.ts";
import { ANYONE } from "./principal.ts";
import * as routes from "./routes.ts";

/** What the function needs. */
export interface ApiAppDeps extends JobEndpointsDeps {
  /** Called with errors that no caller is told. @default {console.error} */
  readonly log?: (line: string) => void;
}

/** The application; `app.fetch` serves it. */
export function createApiApp(deps: ApiAppDeps): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw result.error;
    },
  });
  app.use(requestId(), secureHeaders());
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: bodyTooLarge }));
  app.use(async (c, next) => {
    c.set("principal", ANYONE);
    await next();
  });
  app.on("POST", [routes.submitJob.path, routes.planJob.path], requireJson);
  app.onError((error, c) => answerError(error, c, deps.log ?? console.error));
  app.notFound((c) => answer(c, httpProblem(404, "Not found", `there is nothing at ${c.req.path}`)));
  addJobEndpoints(app, deps);
  addService(app, deps);
  refuseOtherMethods(app);
  return app;
}

const INDEX = `Clearstack ${VERSION}: Richardson-Lucy deconvolution of image volumes.

POST   /v1/jobs              start a job
GET    /v1/jobs              the latest jobs
GET    /v1/jobs/{id}         where a job stands
GET    /v1/jobs/{id}/events  follow a job
DELETE /v1/jobs/{id}         cancel a job
POST   /v1/plans             plan a job without starting it
GET    /openapi.json         this service, described
`;

function addService(app: OpenAPIHono<Env>, { jobs }: ApiAppDeps): void {
  app.openapi(routes.health, (c) => c.json({ status: "ok" } as const, 200));
  app.openapi(routes.ready, async (c) => {
    await jobs.ready();
    return c.json({ status: "ok" } as const, 200);
  });
  app.get("/", (c) => c.text(INDEX));
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "Clearstack",
      version: VERSION,
      description: "Richardson-Lucy deconvolution of image volumes of any size. Errors are RFC 9457 problem documents.",
      license: { name: "Apache-2.0" },
    },
  });
}

/** Methods of every path; registered after the endpoints, so that only other methods get here. */
const METHODS = {
  "/": "GET, HEAD",
  "/v1/jobs": "GET, HEAD, POST",
  "/v1/jobs/:id": "GET, HEAD, DELETE",
  "/v1/jobs/:id/events": "GET, HEAD",
  "/v1/plans": "POST",
  "/healthz": "GET, HEAD",
  "/readyz": "GET, HEAD",
  "/openapi.json": "GET, HEAD",
} as const;

function refuseOtherMethods(app: OpenAPIHono<Env>): void {
  for (const [path, allow] of Object.entries(METHODS)) {
    app.all(path, (c) => {
      const detail = `${c.req.path} does not take ${c.req.method}; it takes ${allow}`;
      return answer(c, httpProblem(405, "Method not allowed", detail), { allow });
    });
  }
}

async function requireJson(c: Context<Env>, next: Next): Promise<Response | undefined> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    return answer(c, httpProblem(415, "Unsupported media type", "send the body as application/json"));
  }
  await next();
  return undefined;
}

function bodyTooLarge(c: Context): Response {
  return answer(c, httpProblem(413, "Body too large", `a body may hold at most ${MAX_BODY_BYTES} bytes`));
}

function answerError(error: Error, c: Context<Env>, log: (line: string) => void): Response {
  if (error instanceof HTTPException) return answer(c, httpProblem(error.status, "Bad request", error.message));
  const problem = toProblem(error);
  if (problem.status === 500) log(`request ${c.get("requestId")}: ${toClearstackError(error).stack}`);
  return answer(c, problem);
}

/** Through the context, so that the headers that go with every answer go with this one. */
function answer(c: Context, problem: Problem, headers: Record<string, string> = {}): Response {
  const type = { "content-type": "application/problem+json" };
  return c.body(JSON.stringify(problem), problem.status as ContentfulStatusCode, { ...headers, ...type });
}
