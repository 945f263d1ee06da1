/**
 * Serves the `pyramid` function. PORT is the port to listen on (default 8083), HOST the address (default 127.0.0.1);
 * CLEARSTACK_TOKEN is what callers must present, CLEARSTACK_METRICS_TOKEN what scrapers of `/metrics` present instead.
 * OTEL_DENO=true exports traces (docs/telemetry.md). Object stores take their credentials from AWS_*, AZURE_* and GOOGLE_*.
 */
import { measuredTasks } from "shared/engine/measured_tasks.ts";
import { listenAddress } from "shared/http/listen_address.ts";
import { servedEnvironment } from "shared/storage/served_environment.ts";
import { configureStores } from "shared/storage/store_environment.ts";
import { jsonLog } from "shared/telemetry/log.ts";
import { startTelemetry } from "shared/telemetry/start_telemetry.ts";
import { createPyramidApp } from "./app.ts";
import { reduceTile } from "./reduce_tile.ts";

const env = (name: string) => Deno.env.get(name);
configureStores(servedEnvironment(env));
const token = env("CLEARSTACK_TOKEN");
const log = jsonLog("pyramid");
startTelemetry();
const app = createPyramidApp({
  ...measuredTasks({ levels: reduceTile }, ["levels"], log),
  log,
  metricsToken: env("CLEARSTACK_METRICS_TOKEN"),
  ...(token === undefined ? {} : { token }),
});

const address = listenAddress(env, {
  port: 8083,
  variables: "CLEARSTACK_TOKEN",
  authenticatesCallers: token !== undefined,
});
Deno.serve(address, app.fetch);
