/**
 * Serves the `api` function. PORT (default 8080) and HOST (default 127.0.0.1) say where; CLEARSTACK_RUNS_URL is where the
 * `orchestrate` function answers (default http://127.0.0.1:8082), CLEARSTACK_VIEWS_URL where the `view` function does (default
 * http://127.0.0.1:8084), CLEARSTACK_TOKEN what they ask of their callers.
 *
 * CLEARSTACK_KEYS, CLEARSTACK_OIDC and CLEARSTACK_QUOTAS say who may call and how much they may ask for (auth/auth.ts);
 * without the first two, only an address of this machine is listened on unless CLEARSTACK_INSECURE is true.
 * CLEARSTACK_ALLOW lists, separated by spaces, the URLs and paths below which sources, PSFs and outputs may lie (default:
 * none); CLEARSTACK_ALLOW_SOURCES and CLEARSTACK_ALLOW_OUTPUTS those of one kind only. CLEARSTACK_CORS lists the origins of
 * web pages that may call.
 *
 * CLEARSTACK_EVENT_RULES is the configuration of upload events, or where it lies (docs/events.md); CLEARSTACK_EVENT_INBOX the
 * folder or URL that keeps accepted events until the `orchestrate` function has their jobs.
 *
 * CLEARSTACK_METRICS_TOKEN is what scrapers of `/metrics` present (default: a key or token with the role admin); OTEL_DENO=true
 * exports traces (docs/telemetry.md).
 */
import { httpJobRunner } from "shared/engine/http_job_runner.ts";
import { httpViewRunner } from "shared/engine/http_view_runner.ts";
import { boot } from "shared/http/boot.ts";
import { readCorsOrigins } from "shared/http/cors_origins.ts";
import { readAllowedPlaces } from "shared/storage/guard/allowed_places.ts";
import { readObjectText } from "shared/storage/http/read_object_text.ts";
import { createApiApp } from "./app.ts";
import { readAuth } from "./auth/auth.ts";
import { openConfiguredEvents } from "./events/open_events.ts";

const { env, own, log, token, metricsToken, serve } = boot(Deno, { name: "api", port: 8080 });
const auth = await readAuth({ env, readText: (url) => readObjectText(url, own) });
const jobs = httpJobRunner(env("CLEARSTACK_RUNS_URL") ?? "http://127.0.0.1:8082", token);
const views = httpViewRunner(env("CLEARSTACK_VIEWS_URL") ?? "http://127.0.0.1:8084", token);
const allowedUrls = readAllowedPlaces(env);
const corsOrigins = readCorsOrigins(env);
const app = createApiApp({
  jobs,
  views,
  allowedUrls,
  events: await openConfiguredEvents(env, { environment: own, jobs, allowedUrls }),
  corsOrigins,
  auth,
  metricsToken,
  log,
});

serve(app, { variables: "CLEARSTACK_KEYS or CLEARSTACK_OIDC", authenticatesCallers: auth !== undefined }, corsOrigins);
