/** The `deconvolve` function over HTTP: one tile per request. The caller hangs up to cancel. */
import { Hono } from "hono";
import type { BackendChoice } from "shared/contract/backend.ts";
import { BackendSchema } from "shared/contract/backend.ts";
import type { Device } from "shared/engine/device.ts";
import type { Invoke, TaskFunctions, TaskKind } from "shared/engine/task_kinds.ts";
import { TASK_SCHEMAS } from "shared/engine/task_kinds.ts";
import { longAnswer } from "shared/http/long_answer.ts";
import { answerError, httpProblem, problemResponse } from "shared/http/problem.ts";
import { readJson } from "shared/http/read_json.ts";

/** What the function needs. */
export interface DeconvolveAppDeps extends TaskFunctions {
  /** What tiles that ask for this backend are computed on. */
  readonly device: (choice: BackendChoice) => Promise<Device>;
  /** What callers must present as a bearer token. @default {nothing} */
  readonly token?: string;
  /** Called with errors that the answer does not explain. */
  readonly log?: (line: string) => void;
}

/**
 * `POST /v1/tiles` takes a TileTask and answers with the TileReport once the tile is written; `POST /v1/seams` takes a SeamTask
 * and answers with the SeamReport; `POST /v1/pilots` takes a PilotTask and answers with the PilotReport;
 * `GET /v1/device?backend=` tells the planner what the tiles are computed on.
 */
export function createDeconvolveApp(
  { device, token, log = console.error, ...functions }: DeconvolveAppDeps,
): Hono {
  const app = new Hono();
  app.onError((error) => answerError(error, log));
  app.notFound((c) => problemResponse(httpProblem(404, "Not found", `there is nothing at ${c.req.path}`)));
  app.use(async (c, next) => {
    if (token === undefined || c.req.header("authorization") === `Bearer ${token}`) return await next();
    return problemResponse(httpProblem(401, "Unauthorized", "the token is missing or wrong"));
  });
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/v1/device", async (c) => c.json(await device(BackendSchema.parse(c.req.query("backend") ?? "auto"))));
  const take = <K extends TaskKind>(kind: K, invoke: Invoke<K>) =>
    app.post(`/v1/${kind}`, async (c) => {
      const task = await readJson(c.req.raw, TASK_SCHEMAS[kind].task);
      return await longAnswer(c.req.raw, (signal) => invoke(task, signal), { log });
    });
  take("tiles", functions.tiles);
  take("seams", functions.seams);
  take("pilots", functions.pilots);
  return app;
}
