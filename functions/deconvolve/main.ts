/**
 * Serves the `deconvolve` function. PORT is the port to listen on (default 8081), HOST the address (default 127.0.0.1);
 * CLEARSTACK_MEMORY and CLEARSTACK_DEVICE_MEMORY bound what may be used, and CLEARSTACK_GPU_BOXES is how many boxes overlap on a
 * GPU. CLEARSTACK_TOKEN is what callers must present, CLEARSTACK_ALLOW and CLEARSTACK_ADDRESS_GUARD where tasks may
 * make it go (shared/storage/served_environment.ts), and CLEARSTACK_PARENT=stdin has the process tell its address on standard
 * output and end with its standard input. Object stores take their credentials from AWS_*, AZURE_* and GOOGLE_*.
 *
 * CLEARSTACK_REQUIRE_GPU=1 has `/readyz` refuse a process that would compute without a hardware GPU; CLEARSTACK_METRICS_TOKEN is
 * what scrapers of `/metrics` present instead of CLEARSTACK_TOKEN. OTEL_DENO=true exports traces (docs/telemetry.md).
 */
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import { readConfig } from "shared/config.ts";
import type { BackendChoice } from "shared/contract/algorithm.ts";
import { measuredTasks } from "shared/engine/measured_tasks.ts";
import type { DeconvolveKind } from "shared/engine/task_kinds.ts";
import { freeMemoryBytes } from "shared/process/free_memory.ts";
import { instructGpuDrivers } from "shared/process/gpu_drivers.ts";
import { listenAddress } from "shared/http/listen_address.ts";
import { servedEnvironment } from "shared/storage/served_environment.ts";
import { configureStores, isSwitchedOn, storeEnvironment } from "shared/storage/store_environment.ts";
import { jsonLog, plainLog } from "shared/telemetry/log.ts";
import { startTelemetry } from "shared/telemetry/start_telemetry.ts";
import { createDeconvolveApp } from "./app.ts";
import { createTileComputer } from "./compute_tile.ts";
import { describeDevice, withBoxesAtOnce } from "./describe_device.ts";
import { createReadiness } from "./readiness.ts";
import { serveParent } from "./serve_parent.ts";

instructGpuDrivers(Deno.env);
const env = (name: string) => Deno.env.get(name);
configureStores(servedEnvironment(env));
const hasParent = env("CLEARSTACK_PARENT") === "stdin";
const log = hasParent ? plainLog : jsonLog("deconvolve");
startTelemetry();
const config = readConfig({ env, freeBytes: freeMemoryBytes() });
const tiles = createTileComputer({
  chooseBackend: async (choice) => withBoxesAtOnce(await chooseBackend(choice), config),
  createDeconvolver,
});
const token = env("CLEARSTACK_TOKEN");
const device = (choice: BackendChoice) => describeDevice(choice, config);
const app = createDeconvolveApp({
  // Whoever started this process counts what it does.
  ...(hasParent ? tiles : measuredTasks<DeconvolveKind>(tiles, ["tiles", "seams", "pilots"], log)),
  device,
  ready: createReadiness({
    device,
    make: createDeconvolver,
    requireGpu: isSwitchedOn(storeEnvironment(), "CLEARSTACK_REQUIRE_GPU"),
  }),
  log,
  metricsToken: env("CLEARSTACK_METRICS_TOKEN"),
  ...(token === undefined ? {} : { token }),
});

const server = Deno.serve({
  ...listenAddress(env, { port: 8081, variables: "CLEARSTACK_TOKEN", authenticatesCallers: token !== undefined }),
  ...(hasParent ? { onListen: () => {} } : {}),
}, app.fetch);
if (hasParent) await serveParent(server.addr.port);
