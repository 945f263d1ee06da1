/**
 * Serves the `orchestrate` function. PORT (default 8082) and HOST (default 127.0.0.1) say where; CLEARSTACK_TILES_URL is
 * where the `deconvolve` function answers (default http://127.0.0.1:8081), CLEARSTACK_PYRAMID_URL where the `pyramid` function
 * does (default http://127.0.0.1:8083); CLEARSTACK_JOBS is the folder or URL that keeps the status of jobs (default: memory).
 * CLEARSTACK_TOKEN is what callers must present, and what is presented to those two; CLEARSTACK_ALLOW and
 * CLEARSTACK_ADDRESS_GUARD say where jobs may make it go (shared/storage/served_environment.ts). Object stores take their credentials from AWS_*, AZURE_* and GOOGLE_*.
 */
import { httpDevice, httpLevels, httpTiles } from "shared/engine/http_functions.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { listenAddress } from "shared/http/listen_address.ts";
import { openStore } from "shared/storage/open_store.ts";
import { servedEnvironment } from "shared/storage/served_environment.ts";
import { configureStores } from "shared/storage/store_environment.ts";
import { createOrchestrateApp } from "./app.ts";
import { computeClaim } from "./compute_claim.ts";
import { LocalJobRunner } from "./local_job_runner.ts";

const env = (name: string) => Deno.env.get(name);
configureStores(servedEnvironment(env));
const token = env("CLEARSTACK_TOKEN");
const tilesUrl = env("CLEARSTACK_TILES_URL") ?? "http://127.0.0.1:8081";
const pyramidUrl = env("CLEARSTACK_PYRAMID_URL") ?? "http://127.0.0.1:8083";
const jobs = await LocalJobRunner.start({
  deps: {
    engine: createLocalEngine({ ...httpTiles(tilesUrl, token), ...httpLevels(pyramidUrl, token) }),
    device: (choice) => httpDevice(tilesUrl, choice, token),
    computeClaim,
  },
  store: openStore(env("CLEARSTACK_JOBS") ?? "memory:jobs"),
});
const app = createOrchestrateApp({ jobs, token });

const address = listenAddress(env, {
  port: 8082,
  variables: "CLEARSTACK_TOKEN",
  tellsCallersApart: token !== undefined,
});
Deno.serve(address, app.fetch);
