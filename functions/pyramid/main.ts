/**
 * Serves the `pyramid` function. PORT is the port to listen on (default 8083), HOST the address (default 127.0.0.1);
 * CLEARSTACK_TOKEN is what callers must present. Object stores take their credentials from AWS_*, AZURE_* and GOOGLE_*.
 */
import { configureStores } from "shared/storage/store_environment.ts";
import { createPyramidApp } from "./app.ts";
import { reduceTile } from "./reduce_tile.ts";

configureStores({ env: (name) => Deno.env.get(name) });
const token = Deno.env.get("CLEARSTACK_TOKEN");
const app = createPyramidApp({ levels: reduceTile, ...(token === undefined ? {} : { token }) });

Deno.serve({ hostname: Deno.env.get("HOST") ?? "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8083) }, app.fetch);
