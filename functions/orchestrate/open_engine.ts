/** The engine that the environment asks for, over the functions that it names. */
import type { BackendChoice } from "shared/contract/backend.ts";
import type { Device } from "shared/engine/device.ts";
import type { Engine } from "shared/engine/engine.ts";
import { httpDevice, httpLevels, httpTiles } from "shared/engine/http_functions.ts";
import { createSpreadEngine } from "shared/engine/local.ts";
import { createRestateEngine } from "shared/engine/restate_engine.ts";
import type { ShardPlace } from "shared/engine/restate_shards.ts";
import { ShardStore } from "shared/engine/restate_shards.ts";
import type { RetryPolicy } from "shared/engine/retry.ts";
import type { WorkersByKind } from "shared/engine/workers.ts";
import { Workers } from "shared/engine/workers.ts";
import { ClearstackError } from "shared/errors.ts";
import { listenAddress } from "shared/http/listen_address.ts";
import type { Store } from "shared/storage/store.ts";
import { createRestateEndpoint } from "./restate_endpoint.ts";
import { sealedShards } from "./sealed_shards.ts";

/** Reads an environment variable. */
type Env = (name: string) => string | undefined;

/**
 * Among many machines one is always about to be replaced, and a store may be away for a while: about two minutes in all, before
 * what a tile met stops its job.
 */
const PATIENT_RETRIES: RetryPolicy = { attempts: 10, firstDelayMilliseconds: 500, longestDelayMilliseconds: 20_000 };

/** What {@link openEngine} needs. */
export interface EngineSources {
  readonly env: Env;
  /** Keeps the status of jobs, and with Restate the shards in flight. */
  readonly store: Store;
  /** What the functions ask of their callers. */
  readonly token: string | undefined;
}

/** Where a Restate server calls this process. */
export interface RestateService {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly address: { readonly hostname: string; readonly port: number };
  /** Tell the server of this process; undefined where somebody else does. */
  readonly registration?: { readonly adminUrl: string; readonly endpointUrl: string };
}

/** An engine, and what belongs to it. */
export interface OpenEngine {
  readonly engine: Engine;
  /** What tiles that ask for a backend are computed on. */
  readonly device: (choice: BackendChoice) => Promise<Device>;
  /** To be served, with the engine `restate`. */
  readonly restate?: RestateService;
}

/**
 * Reads CLEARSTACK_ENGINE and all that main.ts lists beside it.
 *
 * @throws {ClearstackError} `invalid-request` naming the variable
 */
export function openEngine({ env, store, token }: EngineSources): OpenEngine {
  const tilesUrls = urls(env, "CLEARSTACK_TILES_URL", "http://127.0.0.1:8081");
  const pyramidUrls = urls(env, "CLEARSTACK_PYRAMID_URL", "http://127.0.0.1:8083");
  const copies = count(env, "CLEARSTACK_INSTANCES") ?? 1;
  const perOwner = count(env, "CLEARSTACK_TILES_PER_OWNER");
  const limits = { copies, ...(perOwner === undefined ? {} : { mostPerOwner: perOwner }) };
  const deconvolve = new Workers(tilesUrls.map((url) => httpTiles(url, token)), limits);
  const pyramid = new Workers(pyramidUrls.map((url) => httpLevels(url, token)), limits);
  const workers: WorkersByKind = { tiles: deconvolve, seams: deconvolve, pilots: deconvolve, levels: pyramid };
  const device = (choice: BackendChoice) => anyDevice(tilesUrls, choice, token);
  const wanted = env("CLEARSTACK_ENGINE") ?? "local";
  if (wanted === "local") return { engine: createSpreadEngine(workers), device };
  if (wanted !== "restate") {
    throw new ClearstackError("invalid-request", `CLEARSTACK_ENGINE is "${wanted}"; set it to local or restate`);
  }
  const [ingressUrl] = urls(env, "CLEARSTACK_RESTATE_INGRESS", "http://127.0.0.1:8080") as [string];
  const instances = {
    tiles: deconvolve.count,
    seams: deconvolve.count,
    pilots: deconvolve.count,
    levels: pyramid.count,
  };
  const shards = sealedShards(store, env("CLEARSTACK_STATE_KEY"));
  const engine = createRestateEngine({ ingressUrl, store: shards, instances });
  return { engine, device, restate: restateService(env, shards, workers) };
}

function restateService(env: Env, store: ShardPlace, workers: WorkersByKind): RestateService {
  const identityKeys = words(env("RESTATE_IDENTITY_KEY"));
  for (const key of identityKeys) {
    if (/^publickeyv1_[1-9A-HJ-NP-Za-km-z]{32,50}$/.test(key)) continue;
    throw new ClearstackError("invalid-request", "RESTATE_IDENTITY_KEY is not of the form publickeyv1_...");
  }
  const address = listenAddress((name) => env(name === "PORT" ? "CLEARSTACK_RESTATE_PORT" : name), {
    port: 9080,
    variables: "RESTATE_IDENTITY_KEY",
    tellsCallersApart: identityKeys.length > 0,
  });
  const adminUrl = env("CLEARSTACK_RESTATE_ADMIN");
  const endpointUrl = env("CLEARSTACK_RESTATE_ENDPOINT") ?? `http://127.0.0.1:${address.port}`;
  return {
    fetch: createRestateEndpoint({
      shards: new ShardStore(store),
      workers,
      retries: PATIENT_RETRIES,
      identityKeys,
    }),
    address,
    ...(adminUrl === undefined ? {} : { registration: { adminUrl, endpointUrl } }),
  };
}

/** Instances are alike, so any one that answers speaks for all. */
async function anyDevice(urls: readonly string[], choice: BackendChoice, token: string | undefined): Promise<Device> {
  let failure: unknown;
  for (const url of urls) {
    try {
      return await httpDevice(url, choice, token);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

function urls(env: Env, name: string, otherwise: string): string[] {
  const given = words(env(name));
  for (const url of given) {
    if (/^https?:$/.test(URL.parse(url)?.protocol ?? "")) continue;
    throw new ClearstackError("invalid-request", `${name} has "${url}"; set it to URLs such as ${otherwise}`);
  }
  return given.length > 0 ? given : [otherwise];
}

function count(env: Env, name: string): number | undefined {
  const text = env(name);
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new ClearstackError("invalid-request", `${name} is "${text}"; set it to a whole number from 1`);
}
