/**
 * Serves the `pyramid` function. PORT is the port to listen on (default 8083), HOST the address (default 127.0.0.1);
 * CLEARSTACK_TOKEN is what callers must present, CLEARSTACK_METRICS_TOKEN what scrapers of `/metrics` present instead.
 * CLEARSTACK_IDLE (such as 5m) ends a process that has had nothing to do for so long, for whoever starts it on demand.
 * OTEL_DENO=true exports traces (docs/telemetry.md). Object stores take their credentials from AWS_*, AZURE_* and GOOGLE_*.
 */
import { measuredTasks } from "shared/engine/measured_tasks.ts";
import { boot } from "shared/http/boot.ts";
import { createPyramidApp } from "./app.ts";
import { createLevelReducer } from "./reduce_tile.ts";

const { stores, log, token, metricsToken, serve } = boot(Deno, { name: "pyramid", port: 8083, onDemand: true });
const tasks = measuredTasks({ levels: createLevelReducer(stores) }, ["levels"], log);
serve(createPyramidApp({ ...tasks, log, token, metricsToken }));
