/** Jobs over HTTP: the endpoint with its functions in this process. */
import type { Auth } from "functions/api/auth/auth.ts";
import type { EventEndpointDeps } from "functions/api/events/endpoint.ts";
import type { AllowedUrls } from "functions/api/url_policy.ts";
import type { LocalJobRunner as JobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import type { Views } from "functions/view/views.ts";
import type { ViewRunner } from "shared/engine/view_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import { listen } from "./listen.ts";
import type { LocalWorld } from "./local_process.ts";
import { servedEnvironment } from "shared/storage/served_environment.ts";
import { type Log, plainLog } from "shared/telemetry/log.ts";
import { allowedVariables } from "shared/storage/guard/allowed_places.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";

type Handler = (request: Request) => Response | Promise<Response>;

/** Options of the service and its address. */
export interface ServiceOptions extends LocalWorld {
  /** @default {"127.0.0.1"} */
  readonly host?: string;
  /** 0 takes any free port. @default {0} */
  readonly port?: number;
  /** Folder or URL of the job statuses. @default {memory of this process} */
  readonly jobs?: string;
  /** Folder or URL of the cache of views. @default {a folder of its own, removed at the end} */
  readonly viewCache?: string | undefined;
  /** Origins of web pages that may call. @default {none} */
  readonly corsOrigins?: readonly string[];
  /** True where something in front lets nobody else in, so that callers may name this machine as they like. @default {false} */
  readonly insecure?: boolean;
  /** Places where sources, PSFs and outputs may lie. */
  readonly allowedUrls: AllowedUrls;
  /** Settings of authentication. @default {everybody} */
  readonly auth?: Auth | undefined;
  /** Configuration of upload events, or where it lies. @default {none are taken} */
  readonly events?: string | undefined;
  /** Told what becomes of jobs, and what no caller is told. @default {plainLog} */
  readonly log?: Log | undefined;
}

/** A running service. */
export interface Service {
  /** Base URL, such as http://127.0.0.1:8080. */
  readonly url: string;
  readonly views: ViewRunner;
  /** Stops accepting, stops what runs (its finished tiles are kept), and frees everything. */
  close(): Promise<void>;
}

/**
 * Starts the endpoint with a job runner in this process.
 *
 * @throws {ClearstackError} `invalid-request` if the address cannot be listened on
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { createApiApp } = await import("functions/api/app.ts");
  const { openEvents } = await import("functions/api/events/open_events.ts");
  const { readJobControl } = await import("functions/orchestrate/jobs/job_control.ts");
  const { LocalJobRunner } = await import("functions/orchestrate/drive/local_job_runner.ts");
  const { openLocalProcess } = await import("./local_process.ts");
  const { openStore } = await import("shared/storage/open_store.ts");
  const { isLoopback } = await import("shared/http/listen_address.ts");
  const { loopbackOnly } = await import("shared/http/loopback_only.ts");
  const { openLocalViews, openViewCache } = await import("./local_views.ts");
  const page = (await import("./local_page.ts")).localPage({ hasJobs: true });
  const { problemResponse, toProblem } = await import("shared/http/problem.ts");
  const own = options.environment;
  const cache = await openViewCache(options.viewCache ?? own.env("CLEARSTACK_VIEW_CACHE"));
  const { variables, ...guarded } = guardStores(options.allowedUrls, cache.url);
  const environment = { ...own, ...guarded };
  const { log = plainLog } = options;
  const local = openLocalProcess({ config: options.config, environment }, { guard: variables });
  const store = openStore(options.jobs ?? `memory:jobs-${crypto.randomUUID()}`, { environment: own });
  const { host = "127.0.0.1", port = 0, allowedUrls, auth, corsOrigins = [], insecure = false } = options;
  let answer: Handler = () => problemResponse(toProblem(new ClearstackError("no-device", "the service is starting")));
  const server = listen(host, port, (request) => answer(request));
  let runner: JobRunner | undefined;
  let events: EventEndpointDeps | undefined;
  let views: Views | undefined;
  const close = async () => {
    events?.inbox.close();
    await views?.close();
    await runner?.close();
    await server.shutdown();
    await local.close();
    await cache.release();
  };
  try {
    // No two processes of a machine listen on one port, and this one does: it goes on with what the one before it had.
    const instance = port === 0 ? {} : { instance: `${Deno.hostname()} ${host}:${port}` };
    const control = { ...instance, ...readJobControl(environment.env) };
    runner = await LocalJobRunner.start({
      deps: local.deps,
      store,
      control,
      log,
      onIdle: async () => views?.isBusy ? undefined : await local.close(),
    });
    events = options.events === undefined
      ? undefined
      : await openEvents({ rules: options.events, store, jobs: runner, allowedUrls, environment: own, log });
    const viewing = await openLocalViews({ cache: cache.url, local, jobs: runner, environment, log });
    views = viewing.views;
    const app = createApiApp({ jobs: runner, views, allowedUrls, auth, events, corsOrigins, log });
    const handler = (request: Request) => app.fetch(request);
    const strangers = auth === undefined && !insecure && isLoopback(host);
    const told = strangers ? loopbackOnly(handler, corsOrigins) : handler;
    // Viewers are pages of anybody, who have a signature instead; the page itself is no secret.
    answer = (request) => viewing.answer(request) ?? page.answer(request) ?? told(request);
    return { views, url: `http://${host.includes(":") ? `[${host}]` : host}:${server.addr.port}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Reads who may call: the keys of a file, or what the environment configures. */
export async function openAuth(
  keys: string | undefined,
  environment: StoreEnvironment,
): Promise<Auth | undefined> {
  const { readAuth } = await import("functions/api/auth/auth.ts");
  const { readObjectText } = await import("shared/storage/http/read_object_text.ts");
  const { env } = environment;
  const withKeys = (name: string) => name === "CLEARSTACK_KEYS" ? keys ?? env(name) : env(name);
  return await readAuth({ env: withKeys, readText: (url) => readObjectText(url, environment) });
}

/**
 * Holds the stores of this process, and of those it starts, to places that callers may name, and to the cache of views, which the
 * endpoint lets no caller name.
 */
function guardStores(allowed: AllowedUrls, cache: string) {
  if (allowed === "any") return { variables: undefined };
  const { sources, outputs } = "sources" in allowed ? allowed : { sources: allowed, outputs: allowed };
  const places = { sources, outputs: [...outputs, cache] };
  const variables: Record<string, string> = { CLEARSTACK_ADDRESS_GUARD: "on", ...allowedVariables(places) };
  const { env: _, ...guards } = servedEnvironment((name) => variables[name]);
  return { variables, ...guards };
}
