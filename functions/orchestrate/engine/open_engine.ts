/** The engine that the environment asks for, over the functions that it names. */
import type { BackendChoice } from "shared/contract/algorithm.ts";
import type { Device } from "shared/contract/device.ts";
import type { Engine } from "shared/engine/engine.ts";
import { httpDevice, httpLevels, httpTiles } from "shared/engine/http_functions.ts";
import { createSpreadEngine } from "shared/engine/local.ts";
import { TILE_RETRIES } from "shared/engine/retry.ts";
import type { JobControl } from "../jobs/job_control.ts";
import { Workers, type WorkersByKind } from "shared/engine/workers.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Log } from "shared/telemetry/log.ts";
import type { Store } from "shared/storage/store.ts";
import type { Dispatcher, Driver } from "../drive/dispatcher.ts";
import { count, type Env, urls } from "shared/engine/engine_environment.ts";
import { DeviceProfiles } from "./device_profiles.ts";
import { engineReady } from "./engine_ready.ts";
import type { RestateService } from "./open_restate.ts";

interface EngineSources {
  readonly env: Env;
  readonly control: Pick<JobControl, "awayMs" | "stateKey">;
  /** Keeps the status of jobs, and with Restate the shards in flight. */
  readonly store: Store;
  /** Token that the functions ask of their callers. */
  readonly token: string | undefined;
  /** Told of instances that fail, and of what went wrong between a Restate server and this process. @default {plainLog} */
  readonly log?: Log;
}

interface OpenEngine {
  readonly engine: Engine;
  /** Devices of tiles by the backend they ask for. */
  readonly device: (choice: BackendChoice) => Promise<Device>;
  /** Called when instances have just done a job. */
  readonly deviceUsed: (choice: BackendChoice) => Promise<void>;
  /** Resolves if the engine answers and an instance is ready to compute tiles. */
  readonly ready: () => Promise<void>;
  /** To be served, with the engine `restate`. */
  readonly restate?: RestateService;
  /** With the engine `restate`: what sees to it that each job has one driver. */
  readonly dispatcher?: (driver: Driver) => Dispatcher;
}

/**
 * Reads CLEARSTACK_ENGINE and all that main.ts lists beside it.
 *
 * @throws {ClearstackError} `invalid-request` naming the variable
 */
export async function openEngine({ env, control, store, token, log }: EngineSources): Promise<OpenEngine> {
  const tilesUrls = urls(env, "CLEARSTACK_TILES_URL", "http://127.0.0.1:8081");
  const pyramidUrls = urls(env, "CLEARSTACK_PYRAMID_URL", "http://127.0.0.1:8083");
  const copies = count(env, "CLEARSTACK_INSTANCES_PER_URL") ?? 1;
  const perOwner = count(env, "CLEARSTACK_TILES_PER_OWNER");
  const limits = { copies, log, ...(perOwner === undefined ? {} : { mostPerOwner: perOwner }) };
  const deconvolve = new Workers(tilesUrls.map((url) => httpTiles(url, token)), { ...limits, names: tilesUrls });
  const pyramid = new Workers(pyramidUrls.map((url) => httpLevels(url, token)), { ...limits, names: pyramidUrls });
  const workers: WorkersByKind = { tiles: deconvolve, seams: deconvolve, pilots: deconvolve, levels: pyramid };
  const ask = (choice: BackendChoice) => anyDevice(tilesUrls, choice, token);
  const profiles = new DeviceProfiles({ store, setting: env("CLEARSTACK_DEVICE"), ask });
  const devices = {
    device: (choice: BackendChoice) => profiles.device(choice),
    deviceUsed: (choice: BackendChoice) => profiles.refresh(choice),
  };
  // Once it is known what instances are, none has to live for jobs to be taken in.
  const awaited = async () => await profiles.known() ? [] : tilesUrls;
  const wanted = env("CLEARSTACK_ENGINE") ?? "local";
  if (wanted === "local") {
    const retries = { ...TILE_RETRIES, awayMs: control.awayMs };
    return {
      engine: createSpreadEngine(workers, { retries }),
      ...devices,
      ready: async () => await engineReady({ tilesUrls: await awaited() }),
    };
  }
  if (wanted !== "restate") {
    throw new ClearstackError("invalid-request", `CLEARSTACK_ENGINE is "${wanted}"; set it to local or restate`);
  }
  const [ingressUrl] = urls(env, "CLEARSTACK_RESTATE_INGRESS", "http://127.0.0.1:8080") as [string];
  // Who needs no Restate does not load it.
  const { openRestate } = await import("./open_restate.ts");
  const ready = async () => await engineReady({ tilesUrls: await awaited(), ingressUrl });
  return { ...devices, ready, ...openRestate({ env, control, store, workers, ingressUrl, ...(log ? { log } : {}) }) };
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
