/**
 * Serves the `orchestrate` function. PORT (default 8082) and HOST (default 127.0.0.1) say where; CLEARSTACK_TILES_URL is
 * where the `deconvolve` function answers (default http://127.0.0.1:8081), CLEARSTACK_PYRAMID_URL where the `pyramid` function
 * does (default http://127.0.0.1:8083); CLEARSTACK_JOBS is the folder or URL that keeps the status of jobs (default: memory).
 * Object stores take their credentials from AWS_*, AZURE_* and GOOGLE_*.
 */
import { httpDevice, httpLevels, httpTiles } from "shared/engine/http_functions.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { openStore } from "shared/storage/open_store.ts";
import { configureStores } from "shared/storage/store_environment.ts";
import { createOrchestrateApp } from "./app.ts";
import { computeClaim } from "./compute_claim.ts";
import { LocalJobRunner } from "./local_job_runner.ts";

configureStores({ env: (name) => Deno.env.get(name) });
const tilesUrl = Deno.env.get("CLEARSTACK_TILES_URL") ?? "http://127.0.0.1:8081";
const pyramidUrl = Deno.env.get("CLEARSTACK_PYRAMID_URL") ?? "http://127.0.0.1:8083";
const jobs = await LocalJobRunner.start({
  deps: {
    engine: createLocalEngine({ ...httpTiles(tilesUrl), ...httpLevels(pyramidUrl) }),
    device: (choice) => httpDevice(tilesUrl, choice),
    computeClaim,
  },
  store: openStore(Deno.env.get("CLEARSTACK_JOBS") ?? "memory:jobs"),
});
const app = createOrchestrateApp({ jobs });

Deno.serve({ hostname: Deno.env.get("HOST") ?? "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8082) }, app.fetch);
