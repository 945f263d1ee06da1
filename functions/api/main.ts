/**
 * Serves the `api` function. PORT (default 8080) and HOST (default 127.0.0.1) say where; CLEARSTACK_RUNS_URL is where the
 * `orchestrate` function answers (default http://127.0.0.1:8082), CLEARSTACK_TOKEN what it asks of its callers.
 *
 * CLEARSTACK_KEYS, CLEARSTACK_OIDC and CLEARSTACK_QUOTAS say who may call and how much they may ask for (auth/auth.ts);
 * without the first two, only an address of this machine is listened on unless CLEARSTACK_INSECURE is true.
 * CLEARSTACK_ALLOW lists, separated by spaces, the URLs and paths below which sources, PSFs and outputs may lie (default:
 * none); CLEARSTACK_ALLOW_SOURCES and CLEARSTACK_ALLOW_OUTPUTS those of one kind only. CLEARSTACK_CORS lists the origins of
 * web pages that may call.
 */
import { httpJobRunner } from "shared/engine/http_job_runner.ts";
import { readObjectText } from "shared/storage/read_object_text.ts";
import { servedEnvironment } from "shared/storage/served_environment.ts";
import { configureStores, isSwitchedOn } from "shared/storage/store_environment.ts";
import { createApiApp } from "./app.ts";
import { readAuth, requireAuthBeyondLoopback } from "./auth/auth.ts";
import { readAllowedUrls } from "./url_policy.ts";

const env = (name: string) => Deno.env.get(name);
const stores = servedEnvironment(env);
configureStores(stores);
const hostname = env("HOST") ?? "127.0.0.1";
const auth = await readAuth({ env, readText: readObjectText });
requireAuthBeyondLoopback(hostname, { auth, insecure: isSwitchedOn(stores, "CLEARSTACK_INSECURE") });
const app = createApiApp({
  jobs: httpJobRunner(env("CLEARSTACK_RUNS_URL") ?? "http://127.0.0.1:8082", env("CLEARSTACK_TOKEN")),
  allowedUrls: readAllowedUrls(env),
  corsOrigins: (env("CLEARSTACK_CORS") ?? "").split(/\s+/).filter((origin) => origin !== ""),
  auth,
});

Deno.serve({ hostname, port: Number(env("PORT") ?? 8080) }, app.fetch);
