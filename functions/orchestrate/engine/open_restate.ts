/** The Restate engine that the environment asks for, and the service behind it. */
import type { Engine } from "shared/engine/engine.ts";
import { createRestateEngine } from "shared/engine/restate/restate_engine.ts";
import { ShardStore } from "shared/engine/restate/restate_shards.ts";
import type { RetryPolicy } from "shared/engine/retry.ts";
import type { WorkersByKind } from "shared/engine/workers.ts";
import { ClearstackError } from "shared/errors.ts";
import { listenAddress } from "shared/http/listen_address.ts";
import type { Store } from "shared/storage/store.ts";
import { type Log, plainLog } from "shared/telemetry/log.ts";
import { type Env, words } from "shared/engine/engine_environment.ts";
import { createRestateEndpoint, registerEndpoint } from "./restate_endpoint.ts";
import type { ShardServiceDeps } from "./restate_shard.ts";
import type { JobControl } from "../jobs/job_control.ts";
import type { Dispatcher, Driver } from "../drive/dispatcher.ts";
import { restateDispatcher } from "./restate_driver.ts";
import { sealedShards } from "./sealed_shards.ts";

/**
 * Among many machines one is always about to be replaced: about two minutes in all, before what a tile met stops its job.
 */
const PATIENT_RETRIES: RetryPolicy = { attempts: 10, firstDelayMs: 500, longestDelayMs: 20_000 };

/** Sources of {@link openRestate}. */
export interface RestateSources {
  readonly env: Env;
  readonly store: Store;
  readonly workers: WorkersByKind;
  /** URL at which the server takes invocations. */
  readonly ingressUrl: string;
  readonly control: Pick<JobControl, "awayMs" | "stateKey">;
  /** Called with what went wrong between the server and this process. @default {plainLog} */
  readonly log?: Log;
}

/** URL at which a Restate server calls this process. */
export interface RestateService {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly address: { readonly hostname: string; readonly port: number };
  /** Tells the server of this process, until it knows; undefined where somebody else does. */
  readonly register?: () => Promise<void>;
}

/** @throws {ClearstackError} `invalid-request` naming the variable */
export function openRestate(
  { env, control, store, workers, ingressUrl, log = plainLog }: RestateSources,
): { readonly engine: Engine; readonly restate: RestateService; readonly dispatcher: (driver: Driver) => Dispatcher } {
  const own = Promise.withResolvers<Driver>();
  const shards = sealedShards(store, control.stateKey);
  const { tiles, seams, pilots, levels } = workers;
  const instances = { tiles: tiles.count, seams: seams.count, pilots: pilots.count, levels: levels.count };
  return {
    engine: createRestateEngine({ ingressUrl, store: shards, instances, log }),
    restate: restateService(env, {
      shards: new ShardStore(shards),
      workers,
      retries: { ...PATIENT_RETRIES, awayMs: control.awayMs },
      driver: own.promise,
      log,
    }),
    dispatcher: (driver) => {
      own.resolve(driver);
      return restateDispatcher(ingressUrl);
    },
  };
}

type ServiceDeps = ShardServiceDeps & { readonly driver: Promise<Driver>; readonly log: Log };

function restateService(env: Env, deps: ServiceDeps): RestateService {
  const identityKeys = words(env("RESTATE_IDENTITY_KEY"));
  for (const key of identityKeys) {
    if (/^publickeyv1_[1-9A-HJ-NP-Za-km-z]{32,50}$/.test(key)) continue;
    throw new ClearstackError("invalid-request", "RESTATE_IDENTITY_KEY is not of the form publickeyv1_...");
  }
  const address = listenAddress((name) => env(name === "PORT" ? "CLEARSTACK_RESTATE_PORT" : name), {
    port: 9080,
    variables: "RESTATE_IDENTITY_KEY",
    authenticatesCallers: identityKeys.length > 0,
  });
  const adminUrl = env("CLEARSTACK_RESTATE_ADMIN");
  const endpointUrl = env("CLEARSTACK_RESTATE_ENDPOINT") ?? `http://127.0.0.1:${address.port}`;
  return {
    fetch: createRestateEndpoint({ ...deps, identityKeys }),
    address,
    ...(adminUrl === undefined ? {} : { register: () => registerEndpoint({ adminUrl, endpointUrl, log: deps.log }) }),
  };
}
