/**
 * Serves the `api` function. PORT (default 8080) and HOST (default 127.0.0.1) say where; CLEARSTACK_RUNS_URL is where the
 * `orchestrate` function answers (default http://127.0.0.1:8082); CLEARSTACK_ALLOW lists, separated by spaces, the URLs and
 * paths below which sources, PSFs and outputs may lie (default: none).
 */
import { httpJobRunner } from "shared/engine/http_job_runner.ts";
import { createApiApp } from "./app.ts";

const jobs = httpJobRunner(Deno.env.get("CLEARSTACK_RUNS_URL") ?? "http://127.0.0.1:8082");
const allowedUrls = (Deno.env.get("CLEARSTACK_ALLOW") ?? "").split(/\s+/).filter((prefix) => prefix !== "");
const app = createApiApp({ jobs, allowedUrls });

Deno.serve({ hostname: Deno.env.get("HOST") ?? "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8080) }, app.fetch);
