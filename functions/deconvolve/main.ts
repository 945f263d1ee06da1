/**
 * Serves the `deconvolve` function. PORT is the port to listen on (default 8081), HOST the address (default 127.0.0.1);
 * CLEARSTACK_MEMORY and CLEARSTACK_DEVICE_MEMORY bound what may be used. Object stores take their credentials from AWS_*,
 * AZURE_* and GOOGLE_*.
 */
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import { readConfig } from "shared/config.ts";
import { freeMemoryBytes } from "shared/free_memory.ts";
import { configureStores } from "shared/storage/store_environment.ts";
import { createDeconvolveApp } from "./app.ts";
import { createTileComputer } from "./compute_tile.ts";
import { describeDevice } from "./device.ts";

configureStores({ env: (name) => Deno.env.get(name) });
const config = readConfig({ env: (name) => Deno.env.get(name), freeBytes: freeMemoryBytes() });
const tiles = createTileComputer({ chooseBackend, createDeconvolver });
const app = createDeconvolveApp({ ...tiles, device: (choice) => describeDevice(choice, config) });

Deno.serve({ hostname: Deno.env.get("HOST") ?? "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8081) }, app.fetch);
