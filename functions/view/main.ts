/**
 * Serves the `view` function. PORT (default 8084) and HOST (default 127.0.0.1) say where. CLEARSTACK_VIEW_URL is where viewers reach it
 * (default http://127.0.0.1 and the port); their URLs are signed, everything else asks for CLEARSTACK_TOKEN.
 *
 * CLEARSTACK_VIEW_CACHE is the folder or URL that keeps views (default /var/lib/clearstack/views), which the functions that compute must
 * be able to write too; CLEARSTACK_VIEW_CACHE_SIZE its size (default 10GiB), CLEARSTACK_VIEW_EXPIRES the time of a view (default
 * 12h), CLEARSTACK_VIEWS_PER_OWNER how many views one owner may have (default 32), CLEARSTACK_VIEW_KEY what URLs are signed with
 * (default: a key kept in the cache).
 *
 * CLEARSTACK_RUNS_URL is where the `orchestrate` function answers (default http://127.0.0.1:8082), CLEARSTACK_TILES_URL and
 * CLEARSTACK_PYRAMID_URL where the instances of `deconvolve` and `pyramid` do, CLEARSTACK_INSTANCES_PER_URL and
 * CLEARSTACK_TILES_PER_OWNER as for `orchestrate`.
 *
 * CLEARSTACK_ALLOW and CLEARSTACK_ADDRESS_GUARD say where sources may lie (shared/storage/served_environment.ts); the cache is the
 * operator's. Object stores take their credentials from AWS_*, AZURE_* and GOOGLE_*. CLEARSTACK_METRICS_TOKEN is what scrapers of
 * `/metrics` present instead of CLEARSTACK_TOKEN; OTEL_DENO=true exports traces (docs/telemetry.md).
 */
import { count, urls } from "shared/engine/engine_environment.ts";
import { httpDevice, httpLevels, httpTiles } from "shared/engine/http_functions.ts";
import { httpJobRunner } from "shared/engine/http_job_runner.ts";
import { createSpreadEngine } from "shared/engine/local.ts";
import { Workers } from "shared/engine/workers.ts";
import { boot } from "shared/http/boot.ts";
import { createViewApp } from "./app.ts";
import { readViewSettings } from "./view_settings.ts";
import { Views } from "./views.ts";

const { env, stores, log, token, metricsToken, serve } = boot(Deno, { name: "view", port: 8084 });
const tilesUrls = urls(env, "CLEARSTACK_TILES_URL", "http://127.0.0.1:8081");
const pyramidUrls = urls(env, "CLEARSTACK_PYRAMID_URL", "http://127.0.0.1:8083");
const copies = count(env, "CLEARSTACK_INSTANCES_PER_URL") ?? 1;
const perOwner = count(env, "CLEARSTACK_TILES_PER_OWNER");
const limits = { copies, log, ...(perOwner === undefined ? {} : { mostPerOwner: perOwner }) };
const deconvolve = new Workers(tilesUrls.map((url) => httpTiles(url, token)), { ...limits, names: tilesUrls });
const pyramid = new Workers(pyramidUrls.map((url) => httpLevels(url, token)), { ...limits, names: pyramidUrls });
const views = await Views.start({
  engine: createSpreadEngine({ tiles: deconvolve, seams: deconvolve, pilots: deconvolve, levels: pyramid }),
  device: (choice) => httpDevice(tilesUrls[0]!, choice, token),
  jobs: httpJobRunner(env("CLEARSTACK_RUNS_URL") ?? "http://127.0.0.1:8082", token),
  environment: stores,
  settings: {
    publicUrl: `http://127.0.0.1:${env("PORT") ?? "8084"}`,
    ...readViewSettings(env, "/var/lib/clearstack/views"),
  },
  log,
});
serve(createViewApp({ views, token, metricsToken, log }));
