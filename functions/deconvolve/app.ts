/** The `deconvolve` function over HTTP: one tile per request. The caller hangs up to cancel. */
import { Hono } from "hono";
import { type BackendChoice, BackendSchema } from "shared/contract/algorithm.ts";
import type { Device } from "shared/contract/device.ts";
import type { DeconvolveKind, TaskFunctions } from "shared/engine/task_kinds.ts";
import { answerTask } from "shared/http/answer_task.ts";
import type { MetricsAccess } from "shared/http/metrics_endpoint.ts";
import { answerMetrics } from "shared/http/metrics_endpoint.ts";
import { observeRequests } from "shared/http/observe_requests.ts";
import { answerError, httpProblem, problemResponse } from "shared/http/problem.ts";
import { refuseWithoutToken } from "shared/http/service_token.ts";

/** What the function needs. */
export interface DeconvolveAppDeps extends TaskFunctions<DeconvolveKind>, Pick<MetricsAccess, "metricsToken"> {
  /** What tiles that ask for this backend are computed on. */
  readonly device: (choice: BackendChoice) => Promise<Device>;
  /** Resolves if tiles can be computed here, see readiness.ts. @default {they can} */
  readonly ready?: () => Promise<void>;
  /** What callers must present as a bearer token. @default {nothing} */
  readonly token?: string;
  /** Called with errors that the answer does not explain. */
  readonly log?: (line: string) => void;
}

/**
 * `POST /v1/tiles` takes a TileTask and answers with the TileReport once the tile is written; `POST /v1/seams` takes a SeamTask
 * and answers with the SeamReport; `POST /v1/pilots` takes a PilotTask and answers with the PilotReport;
 * `GET /v1/device?backend=` tells the planner what the tiles are computed on. `GET /readyz` says whether tiles can be computed,
 * `GET /metrics` what has been done.
 */
export function createDeconvolveApp(
  { device, ready = () => Promise.resolve(), token, metricsToken, log = console.error, tiles, seams, pilots }:
    DeconvolveAppDeps,
): Hono {
  const app = new Hono();
  app.use(observeRequests);
  app.onError((error) => answerError(error, log));
  app.notFound((c) => problemResponse(httpProblem(404, "Not found", `there is nothing at ${c.req.path}`)));
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    await ready();
    return c.json({ status: "ok" });
  });
  app.get("/metrics", (c) => answerMetrics(c.req.raw, { metricsToken, token }));
  app.use(async (c, next) => refuseWithoutToken(c.req.raw, token) ?? await next());
  app.get("/v1/device", async (c) => c.json(await device(BackendSchema.parse(c.req.query("backend") ?? "auto"))));
  app.post("/v1/tiles", (c) => answerTask(c.req.raw, { kind: "tiles", invoke: tiles, log }));
  app.post("/v1/seams", (c) => answerTask(c.req.raw, { kind: "seams", invoke: seams, log }));
  app.post("/v1/pilots", (c) => answerTask(c.req.raw, { kind: "pilots", invoke: pilots, log }));
  return app;
}
