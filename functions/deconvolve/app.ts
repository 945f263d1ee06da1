/** The `deconvolve` function over HTTP: one tile per request. The caller hangs up to cancel. */
import { Hono } from "hono";
import type { BackendChoice } from "shared/contract/backend.ts";
import { BackendSchema } from "shared/contract/backend.ts";
import { PilotTaskSchema } from "shared/contract/pilot.ts";
import { SeamTaskSchema } from "shared/contract/seam.ts";
import { TileTaskSchema } from "shared/contract/tile.ts";
import type { Device } from "shared/engine/device.ts";
import type { TileFunction } from "shared/engine/engine.ts";
import { longAnswer } from "shared/http/long_answer.ts";
import { answerError, httpProblem, problemResponse } from "shared/http/problem.ts";
import { readJson } from "shared/http/read_json.ts";

/** What the function needs. */
export interface DeconvolveAppDeps extends TileFunction {
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
  { computeTile, checkSeam, measureTile, device, token, log = console.error }: DeconvolveAppDeps,
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
  app.post("/v1/tiles", async (c) => {
    const task = await readJson(c.req.raw, TileTaskSchema);
    return await longAnswer(c.req.raw, (signal) => computeTile(task, signal), { log });
  });
  app.post("/v1/seams", async (c) => {
    const task = await readJson(c.req.raw, SeamTaskSchema);
    return await longAnswer(c.req.raw, (signal) => checkSeam(task, signal), { log });
  });
  app.post("/v1/pilots", async (c) => {
    const task = await readJson(c.req.raw, PilotTaskSchema);
    return await longAnswer(c.req.raw, (signal) => measureTile(task, signal), { log });
  });
  return app;
}
