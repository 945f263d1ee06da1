/** The HTTP side that every function has: health, readiness, metrics, the token of its callers, and problem documents. */
import { type Context, type Env, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Problem } from "shared/contract/problem.ts";
import { plainLog } from "shared/telemetry/log.ts";
import { answerMetrics, type MetricsAccess } from "./metrics_endpoint.ts";
import { HTTP_METHODS, observeRequests } from "./observe_requests.ts";
import { httpProblem, loggedProblem } from "./problem.ts";
import { refuseWithoutToken } from "./service_token.ts";

/** Settings of {@link createFunctionApp}. */
export interface FunctionAppOptions extends MetricsAccess {
  /** Resolves if the function can do its work. @default {it can} */
  readonly ready?: () => Promise<void>;
  /** Called with errors that the answer does not explain. @default {plainLog} */
  readonly log?: (line: string) => void;
}

/**
 * Makes the app of a function that only other functions call. `GET /healthz`, `/readyz` and `/metrics` are there; every route
 * that is added later asks for the token.
 */
export function createFunctionApp(
  { ready = () => Promise.resolve(), log = plainLog, ...access }: FunctionAppOptions,
): Hono {
  const app = new Hono();
  app.use(observeRequests);
  answerProblems(app, log);
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    await ready();
    return c.json({ status: "ok" });
  });
  app.get("/metrics", (c) => answerMetrics(c.req.raw, access));
  app.use(async (c, next) => refuseWithoutToken(c.req.raw, access.token) ?? await next());
  return app;
}

/** Answers errors, unknown paths and methods that a path does not take with problem documents. */
export function answerProblems<E extends Env>(app: Hono<E>, log: (line: string) => void): void {
  app.onError((error, c) => {
    if (error instanceof HTTPException) {
      const title = error.status === 504 ? "Too slow" : "Bad request";
      return answerProblem(c, httpProblem(error.status, title, error.message));
    }
    const id: string | undefined = (c as Context).get("requestId");
    return answerProblem(c, loggedProblem(error, (line) => log(id === undefined ? line : `request ${id}: ${line}`)));
  });
  app.notFound((c) => answerProblem(c, httpProblem(404, "Not found", `there is nothing at ${c.req.path}`)));
  app.use(methodNotAllowed({
    app,
    onMethodNotAllowed: (c, taken) => {
      const allow = HTTP_METHODS.filter((method) => taken.includes(method)).join(", ");
      const detail = `${c.req.path} does not take ${c.req.method}; it takes ${allow}`;
      return answerProblem(c, httpProblem(405, "Method not allowed", detail), { allow });
    },
  }));
}

/** Answers through the context, so that the headers that go with every answer go with this one. */
export function answerProblem(c: Context, problem: Problem, headers: Record<string, string> = {}): Response {
  const type = { "content-type": "application/problem+json" };
  return c.body(JSON.stringify(problem), problem.status as ContentfulStatusCode, { ...headers, ...type });
}
