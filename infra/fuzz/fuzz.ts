/** Every function's endpoints in one process, under fire. */
import fc from "fast-check";
import { createApiApp } from "functions/api/app.ts";
import { apiKeyHash, createApiKey } from "shared/keys/api_key.ts";
import { formatKeyRecords } from "shared/keys/key_records.ts";
import { KeyRing } from "functions/api/auth/key_ring.ts";
import { checkAllowedInputs, checkAllowedUrls } from "functions/api/url_policy.ts";
import { createDeconvolveApp } from "functions/deconvolve/app.ts";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { createOrchestrateApp } from "functions/orchestrate/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { createPyramidApp } from "functions/pyramid/app.ts";
import { createLevelReducer } from "functions/pyramid/reduce_tile.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import { createGuardedFetch } from "shared/storage/guard/guarded_fetch.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { identityJobs, sampleRequest } from "../../tests/functions/identity_jobs.ts";
import { identityKernels } from "../../tests/functions/identity_kernels.ts";
import type { FunctionName, FuzzRequest, FuzzWorld } from "./requests.ts";
import { fuzzRequest } from "./requests.ts";

/** Outcome of a run. */
interface FuzzResult {
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Requests that were answered by a 500, or took too long, or whose problem was malformed, with why. */
  readonly faults: readonly string[];
  readonly slowestMs: number;
  /** Heap in use after each tenth of the requests, bytes; of any use only where `gc` is exposed. */
  readonly heaps: readonly number[];
}

/** Number of requests. */
interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
}

/** Longer than this, an answer counts as a hang. Most take a millisecond; a busy machine may take a thousand times that. */
const HANG_MILLISECONDS = 10_000;

/** Planted in what callers send; no answer of a function may hold it. */
const SERVICE_TOKEN = "token-between-functions";

type App = (request: Request) => Response | Promise<Response>;

/** Sends the requests one after the other. */
export async function fuzz({ requests, seed }: FuzzOptions): Promise<FuzzResult> {
  const { world, apps, close } = await openWorld();
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  const heaps: number[] = [];
  let slowestMs = 0;
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(fuzzRequest(world), async (request) => {
      const started = performance.now();
      const { status, fault } = await sendOne(apps[request.to], request);
      slowestMs = Math.max(slowestMs, performance.now() - started);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (fault !== undefined) faults.push(`${fault}: ${show(request)}`);
      if (++sent % Math.ceil(requests / 10) === 0) heaps.push(heapBytes());
    }),
    { numRuns: requests, seed, endOnFailure: true },
  );
  await close();
  return { statuses, faults, slowestMs, heaps };
}

/** Sends one and says what is wrong with the answer. */
export async function sendOne(app: App, { method, path, headers, body }: FuzzRequest) {
  const request = new Request(`http://localhost${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hang = new Promise<never>((_, reject) =>
    timer = setTimeout(() => reject(new Error("no answer")), HANG_MILLISECONDS)
  );
  try {
    const response = await Promise.race([app(request), hang]);
    const text = await Promise.race([response.text(), hang]);
    return { status: response.status, fault: faultOf(response, text) };
  } catch (error) {
    return { status: 0, fault: error instanceof Error ? error.stack ?? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

function faultOf(response: Response, text: string): string | undefined {
  if (response.status === 500) return "500";
  if (text.includes(SERVICE_TOKEN)) return "a secret was told";
  if (response.status < 400 || text === "") return undefined;
  if (response.headers.get("content-type") !== "application/problem+json") return `not a problem document: ${text}`;
  return JSON.parse(text).status === response.status ? undefined : `another status inside: ${text}`;
}

function show({ body, ...request }: FuzzRequest): string {
  return JSON.stringify({ ...request, body: typeof body === "string" ? body.slice(0, 2000) : body });
}

/**
 * Two callers, one of them with quotas, over two images; what lies outside is never asked.
 *
 * @param log called with what no caller is told
 */
export async function openWorld(log: (line: string) => void = () => {}) {
  const nowhere = createGuardedFetch({
    resolve: (name) => Promise.resolve(name === "public.example" ? ["93.184.216.34"] : ["10.0.0.1"]),
    fetch: () => Promise.resolve(new Response(null, { status: 404 })),
  });
  const unreachable = () => Promise.resolve(new Response(null, { status: 403 }));
  const env = (name: string) => /_NO_SIGN_REQUEST$/.test(name) ? "true" : undefined;
  const environment: StoreEnvironment = { env, fetch: unreachable as typeof fetch, fetchNamed: nowhere };
  const samples = [(await sampleRequest()).request, (await sampleRequest()).request];
  const keys = ["ada", "bob"].map(createApiKey);
  const records = formatKeyRecords(keys.map((key, index) => ({
    ...{ id: ["ada", "bob"][index]!, sha256: apiKeyHash(key), created: "2026-01-05T09:30:00.000Z" },
    ...(index === 0 ? {} : { quotas: { tiles: 20, liveJobs: 3 } }),
    roles: index === 0 ? ["admin"] : ["submit"],
  })));
  const ring = await KeyRing.open({ read: () => Promise.resolve(records), where: "keys" });
  const kernels = identityKernels();
  const deps = identityJobs(kernels, undefined, environment);
  const jobs = await LocalJobRunner.start({ deps, store: openStore("memory:fuzz-jobs", { environment }), log });
  const sources = samples.map(({ source }) => source.url);
  const psfs = samples.flatMap(({ psf }) => [psf].flat().map(({ url }) => url));
  const outputs = [..."abcdefgh"].map((name) => `memory:fuzz-output-${name}`);
  const places = ["https://", "http://", "s3://", "gs://", "az://"];
  const memory = [...sources, ...psfs, ...outputs, "memory:fuzz", "memory:nothing"];
  const tiles = createTileComputer(kernels, environment);
  const allowedUrls = [...places, ...memory];
  const api = createApiApp({ jobs, allowedUrls, auth: { keys: ring }, log });
  const apps: Readonly<Record<FunctionName, App>> = {
    api: api.fetch,
    orchestrate: createOrchestrateApp({ jobs: fenced(jobs, allowedUrls), token: SERVICE_TOKEN, log }).fetch,
    deconvolve: createDeconvolveApp({ ...tiles, device: deps.device, token: SERVICE_TOKEN, log }).fetch,
    pyramid: createPyramidApp({ levels: createLevelReducer(environment), token: SERVICE_TOKEN, log }).fetch,
  };
  const world: FuzzWorld = { sources, psfs, outputs, keys, token: SERVICE_TOKEN };
  const close = async () => {
    await jobs.close();
  };
  return { world, apps, close };
}

/** The function trusts its caller, so it is this runner that keeps random paths from being written to. */
function fenced(jobs: JobRunner, allowedUrls: readonly string[]): JobRunner {
  const check = async (request: JobRequest) => await Promise.resolve(checkAllowedUrls(request, allowedUrls));
  return {
    plan: async (request, options) => await check(request).then(() => jobs.plan(request, options)),
    images: async (source, options) => {
      await Promise.resolve(checkAllowedInputs({ source, psf: source }, allowedUrls));
      return await jobs.images(source, options);
    },
    submit: async (request, options) => await check(request).then(() => jobs.submit(request, options)),
    get: (id) => jobs.get(id),
    list: (query) => jobs.list(query),
    cancel: (id) => jobs.cancel(id),
    events: (id, options) => jobs.events(id, options),
    tiles: (id, ...options) => jobs.tiles(id, ...options),
    ready: () => jobs.ready(),
  };
}

function heapBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().heapUsed + Deno.memoryUsage().external;
}
