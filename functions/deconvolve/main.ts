/**
 * Serves the `deconvolve` function. PORT is the port to listen on (default 8081), HOST the address (default 127.0.0.1);
 * CLEARSTACK_MEMORY and CLEARSTACK_DEVICE_MEMORY bound what may be used, and CLEARSTACK_GPU_BOXES is how many boxes overlap on a
 * GPU. CLEARSTACK_TOKEN is what callers must present, and CLEARSTACK_PARENT=stdin has the process tell its address on standard
 * output and end with its standard input. Object stores take their credentials from AWS_*, AZURE_* and GOOGLE_*.
 */
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import { readConfig } from "shared/config.ts";
import { freeMemoryBytes } from "shared/free_memory.ts";
import { instructGpuDrivers } from "shared/gpu_drivers.ts";
import { configureStores } from "shared/storage/store_environment.ts";
import { createDeconvolveApp } from "./app.ts";
import { createTileComputer } from "./compute_tile.ts";
import { serveParent } from "./serve_parent.ts";
import { describeDevice, withBoxesAtOnce } from "./device.ts";

instructGpuDrivers(Deno.env);
configureStores({ env: (name) => Deno.env.get(name) });
const config = readConfig({ env: (name) => Deno.env.get(name), freeBytes: freeMemoryBytes() });
const tiles = createTileComputer({
  chooseBackend: async (choice) => withBoxesAtOnce(await chooseBackend(choice), config),
  createDeconvolver,
});
const token = Deno.env.get("CLEARSTACK_TOKEN");
const app = createDeconvolveApp({
  ...tiles,
  device: (choice) => describeDevice(choice, config),
  ...(token === undefined ? {} : { token }),
});

const hasParent = Deno.env.get("CLEARSTACK_PARENT") === "stdin";
const server = Deno.serve({
  hostname: Deno.env.get("HOST") ?? "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 8081),
  ...(hasParent ? { onListen: () => {} } : {}),
}, app.fetch);
if (hasParent) await serveParent(server.addr.port);
