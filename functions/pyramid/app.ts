/** The `pyramid` function over HTTP: one tile of a level per request. The caller hangs up to cancel. */
import type { Hono } from "hono";
import type { PyramidKind, TaskFunctions } from "shared/engine/task_kinds.ts";
import { answerTask } from "shared/http/answer_task.ts";
import { createFunctionApp, type FunctionAppOptions } from "shared/http/function_app.ts";
import { plainLog } from "shared/telemetry/log.ts";

/** Dependencies of the function. */
export interface PyramidAppDeps extends TaskFunctions<PyramidKind>, Omit<FunctionAppOptions, "ready"> {}

/** `POST /v1/levels` takes a LevelTask and answers with the LevelReport once the tile is written; `GET /metrics` what has been done. */
export function createPyramidApp({ levels, log = plainLog, ...options }: PyramidAppDeps): Hono {
  const app = createFunctionApp({ ...options, log });
  app.post("/v1/levels", (c) => answerTask(c.req.raw, { kind: "levels", invoke: levels, log }));
  return app;
}
