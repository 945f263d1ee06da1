/** The `pyramid` function over HTTP: one tile of a level per request. The caller hangs up to cancel. */
import { Hono } from "hono";
import type { PyramidKind, TaskFunctions } from "shared/engine/task_kinds.ts";
import { answerTask } from "shared/http/answer_task.ts";
import type { MetricsAccess } from "shared/http/metrics_endpoint.ts";
import { answerMetrics } from "shared/http/metrics_endpoint.ts";
import { observeRequests } from "shared/http/observe_requests.ts";
import { answerError, httpProblem, problemResponse } from "shared/http/problem.ts";
import { refuseWithoutToken } from "shared/http/service_token.ts";

/** What the function needs. */
export interface PyramidAppDeps extends TaskFunctions<PyramidKind>, Pick<MetricsAccess, "metricsToken"> {
  /** What callers must present as a bearer token. @default {nothing} */
  readonly token?: string;
  /** Called with errors that the answer does not explain. */
  readonly log?: (line: string) => void;
}

/** `POST /v1/levels` takes a LevelTask and answers with the LevelReport once the tile is written; `GET /metrics` what has been done. */
export function createPyramidApp({ levels, token, metricsToken, log = console.error }: PyramidAppDeps): Hono {
  const app = new Hono();
  app.use(observeRequests);
  app.onError((error) => answerError(error, log));
  app.notFound((c) => problemResponse(httpProblem(404, "Not found", `there is nothing at ${c.req.path}`)));
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", (c) => c.json({ status: "ok" }));
  app.get("/metrics", (c) => answerMetrics(c.req.raw, { metricsToken, token }));
  app.use(async (c, next) => refuseWithoutToken(c.req.raw, token) ?? await next());
  app.post("/v1/levels", (c) => answerTask(c.req.raw, { kind: "levels", invoke: levels, log }));
  return app;
}
