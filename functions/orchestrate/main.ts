/**
 * Serves the `orchestrate` function. PORT (default 8082) and HOST (default 127.0.0.1) say where; CLEARSTACK_JOBS is the folder
 * or URL that keeps the jobs (default: memory), which other processes may share: one drives
 * the jobs, the others stand by, unless CLEARSTACK_ENGINE is `restate`. CLEARSTACK_RUNNER names this process;
 * webhooks, prices, retention and encryption of jobs are set as docs/jobs.md says.
 *
 * CLEARSTACK_TILES_URL lists, separated by spaces, where the instances of the `deconvolve` function answer (default
 * http://127.0.0.1:8081), CLEARSTACK_PYRAMID_URL those of the `pyramid` function (default http://127.0.0.1:8083); where a URL is a
 * balancer, CLEARSTACK_INSTANCES_PER_URL says how many answer behind each (default 1). CLEARSTACK_TILES_PER_OWNER bounds the
 * tiles in flight of one owner of jobs (default: no bound), CLEARSTACK_JOBS_AT_ONCE the jobs that share the instances (default
 * 1: the next begins when one has ended).
 *
 * CLEARSTACK_ENGINE is `local` (the default) or `restate`. For the latter, CLEARSTACK_RESTATE_INGRESS is where the Restate server
 * takes invocations (default http://127.0.0.1:8080), CLEARSTACK_RESTATE_PORT where it calls this process (default 9080),
 * RESTATE_IDENTITY_KEY the public keys, publickeyv1_..., of the servers that may call. With CLEARSTACK_RESTATE_ADMIN, where the
 * server is administrated, this process tells it of CLEARSTACK_RESTATE_ENDPOINT, the URL at which the server reaches this process
 * (default http://127.0.0.1 with that port); without, somebody else has to. See docs/engine.md.
 *
 * CLEARSTACK_TOKEN is what callers must present, and what is presented to those functions; CLEARSTACK_ALLOW and
 * CLEARSTACK_ADDRESS_GUARD say where jobs may make it go (shared/storage/served_environment.ts). Object stores take their
 * credentials from AWS_*, AZURE_* and GOOGLE_*. CLEARSTACK_METRICS_TOKEN is what scrapers of `/metrics` present instead of
 * CLEARSTACK_TOKEN; OTEL_DENO=true exports traces (docs/telemetry.md).
 */
import { boot } from "shared/http/boot.ts";
import { loopbackOnly } from "shared/http/loopback_only.ts";
import { openStore } from "shared/storage/open_store.ts";
import { isSwitchedOn } from "shared/storage/store_environment.ts";
import { createOrchestrateApp } from "./app.ts";
import { computeClaim } from "./plan/compute_claim.ts";
import { readJobControl } from "./jobs/job_control.ts";
import { LocalJobRunner } from "./drive/local_job_runner.ts";
import { count } from "shared/engine/engine_environment.ts";
import { openEngine } from "./engine/open_engine.ts";

const { env, own, stores, log, token, metricsToken, serve } = boot(Deno, { name: "orchestrate", port: 8082 });
const store = openStore(env("CLEARSTACK_JOBS") ?? "memory:jobs", { environment: own });
const control = readJobControl(env);
const { engine, device, deviceUsed, ready, restate, dispatcher } = await openEngine({
  env,
  control,
  store,
  token,
  log,
});
if (restate) {
  const onListen = ({ port }: Deno.NetAddr) => console.error(`Restate may call this process on port ${port}`);
  const told = env("RESTATE_IDENTITY_KEY") !== undefined || isSwitchedOn(own, "CLEARSTACK_INSECURE");
  Deno.serve({ ...restate.address, onListen }, told ? restate.fetch : loopbackOnly(restate.fetch));
  restate.register?.();
}
const jobs = await LocalJobRunner.start({
  deps: { engine, device, deviceUsed, computeClaim, environment: stores },
  store,
  maxRunning: count(env, "CLEARSTACK_JOBS_AT_ONCE") ?? 1,
  control,
  ...(dispatcher ? { dispatcher } : {}),
  log,
});
serve(createOrchestrateApp({ jobs, engineReady: ready, token, metricsToken, log }));
