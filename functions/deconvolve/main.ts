/**
 * Serves the `deconvolve` function. PORT is the port to listen on (default 8081), HOST the address (default 127.0.0.1);
 * CLEARSTACK_MEMORY and CLEARSTACK_DEVICE_MEMORY bound what may be used, and CLEARSTACK_GPU_BOXES is how many boxes overlap on a
 * GPU. CLEARSTACK_TOKEN is what callers must present, CLEARSTACK_ALLOW and CLEARSTACK_ADDRESS_GUARD where tasks may
 * make it go (shared/storage/served_environment.ts), and CLEARSTACK_PARENT=stdin has the process tell its address on standard
 * output and end with its standard input. Object stores take their credentials from AWS_*, AZURE_* and GOOGLE_*.
 *
 * CLEARSTACK_IDLE (such as 5m) ends a process that has had no tile for so long, for whoever starts it on demand.
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
import { boot } from "shared/http/boot.ts";
import { isSwitchedOn } from "shared/storage/store_environment.ts";
import { createDeconvolveApp } from "./app.ts";
import { createTileComputer } from "./compute_tile.ts";
import { describeDevice, withBoxesAtOnce } from "./startup/describe_device.ts";
import { createReadiness } from "./startup/readiness.ts";
import { serveParent, toldToParent } from "./startup/serve_parent.ts";

instructGpuDrivers(Deno.env);
const hasParent = Deno.env.get("CLEARSTACK_PARENT") === "stdin";
const { env, stores, log, token, metricsToken, serve } = boot(Deno, {
  name: "deconvolve",
  port: 8081,
  onDemand: true,
  quiet: hasParent,
});
const config = readConfig({ env, freeBytes: freeMemoryBytes() });
const tiles = createTileComputer({
  chooseBackend: async (choice) => withBoxesAtOnce(await chooseBackend(choice), config),
  createDeconvolver,
}, stores);
const device = (choice: BackendChoice) => describeDevice(choice, config);
const app = createDeconvolveApp({
  // Whoever started this process counts what it does.
  ...(hasParent ? toldToParent(tiles) : measuredTasks<DeconvolveKind>(tiles, ["tiles", "seams", "pilots"], log)),
  device,
  ready: createReadiness({
    device,
    make: createDeconvolver,
    requireGpu: isSwitchedOn(stores, "CLEARSTACK_REQUIRE_GPU"),
  }),
  log,
  token,
  metricsToken,
});

const server = serve(app);
if (hasParent) await serveParent(server.addr.port);
