/** The `deconvolve` function over HTTP: one tile per request. The caller hangs up to cancel. */
import type { Hono } from "hono";
import { type BackendChoice, BackendSchema } from "shared/contract/algorithm.ts";
import type { Device } from "shared/contract/device.ts";
import type { DeconvolveKind, TaskFunctions } from "shared/engine/task_kinds.ts";
import { answerTask } from "shared/http/answer_task.ts";
import { createFunctionApp, type FunctionAppOptions } from "shared/http/function_app.ts";
import { plainLog } from "shared/telemetry/log.ts";

interface DeconvolveAppDeps extends TaskFunctions<DeconvolveKind>, FunctionAppOptions {
  /** Backend of tiles that ask for this one. */
  readonly device: (choice: BackendChoice) => Promise<Device>;
}

/**
 * `POST /v1/tiles` takes a TileTask and answers with the TileReport once the tile is written; `POST /v1/seams` takes a SeamTask
 * and answers with the SeamReport; `POST /v1/pilots` takes a PilotTask and answers with the PilotReport;
 * `GET /v1/device?backend=` tells the planner what the tiles are computed on. `GET /readyz` says whether tiles can be computed,
 * `GET /metrics` what has been done.
 */
export function createDeconvolveApp(
  { device, tiles, seams, pilots, log = plainLog, ...options }: DeconvolveAppDeps,
): Hono {
  const app = createFunctionApp({ ...options, log });
  app.get("/v1/device", async (c) => c.json(await device(BackendSchema.parse(c.req.query("backend") ?? "auto"))));
  app.post("/v1/tiles", (c) => answerTask(c.req.raw, { kind: "tiles", invoke: tiles, log }));
  app.post("/v1/seams", (c) => answerTask(c.req.raw, { kind: "seams", invoke: seams, log }));
  app.post("/v1/pilots", (c) => answerTask(c.req.raw, { kind: "pilots", invoke: pilots, log }));
  return app;
}
