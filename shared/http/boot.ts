/** The start of every served function: its environment, stores, telemetry and log, and then its port. */
import { servedEnvironment } from "shared/storage/served_environment.ts";
import { isSwitchedOn, type StoreEnvironment } from "shared/storage/store_environment.ts";
import { jsonLog, type Log, plainLog } from "shared/telemetry/log.ts";
import { startTelemetry } from "shared/telemetry/start_telemetry.ts";
import { timeSetting } from "shared/time_setting.ts";
import { endWhenIdle } from "./end_when_idle.ts";
import { isLoopback, listenAddress, type ListenOptions } from "./listen_address.ts";
import { loopbackOnly } from "./loopback_only.ts";

/** The parts of `Deno` that only a main.ts may name. */
interface Host {
  readonly env: Pick<Deno.Env, "get">;
  readonly serve: typeof Deno.serve;
  /** Needed by functions that end when they are idle. */
  readonly exit?: typeof Deno.exit;
}

interface BootOptions {
  /** Name of the function, for its log. */
  readonly name: string;
  /** Port where PORT names none. */
  readonly port: number;
  /** True to write errors as plain text and nothing else, for the process that started this one. @default {false} */
  readonly quiet?: boolean;
  /** True for a function that is started on demand: CLEARSTACK_IDLE ends it. @default {false} */
  readonly onDemand?: boolean;
}

/** The world of a function that has been booted. */
interface Booted {
  readonly env: (name: string) => string | undefined;
  /** What stores see of the world that the operator names. */
  readonly own: StoreEnvironment;
  /** The same for stores that callers name. */
  readonly stores: StoreEnvironment;
  readonly log: Log;
  /** CLEARSTACK_TOKEN: what functions present to each other. */
  readonly token: string | undefined;
  /** CLEARSTACK_METRICS_TOKEN: what scrapers of `/metrics` present. */
  readonly metricsToken: string | undefined;
  /**
   * Opens the port at HOST and PORT.
   *
   * Without a way to tell callers apart, those on this machine are served and web pages are not.
   *
   * @param callers how callers are told apart. @default {by CLEARSTACK_TOKEN}
   * @param origins of web pages that may call. @default {none}
   * @throws {ClearstackError} `invalid-request` where anybody could call
   */
  serve(
    app: { readonly fetch: (request: Request) => Response | Promise<Response> },
    callers?: Omit<ListenOptions, "port">,
    origins?: readonly string[],
  ): Deno.HttpServer<Deno.NetAddr>;
}

/**
 * Reads the environment and starts what every function needs before it serves.
 *
 * @param host `Deno`, handed over by a main.ts
 * @throws {ClearstackError} `invalid-request` for a variable that does not parse
 */
export function boot(host: Host, { name, port, quiet = false, onDemand = false }: BootOptions): Booted {
  const env = (variable: string) => host.env.get(variable);
  const stores = servedEnvironment(env);
  startTelemetry();
  const token = env("CLEARSTACK_TOKEN");
  const idleMs = onDemand ? timeSetting(env, "CLEARSTACK_IDLE") : undefined;
  const log = quiet ? plainLog : jsonLog(name);
  const end = () => {
    log(`nothing to do for ${idleMs! / 1000} s: ending`, { level: "info" });
    host.exit?.(0);
  };
  return {
    env,
    own: { env },
    stores,
    log,
    token,
    metricsToken: env("CLEARSTACK_METRICS_TOKEN"),
    serve(app, callers = { variables: "CLEARSTACK_TOKEN", authenticatesCallers: token !== undefined }, origins = []) {
      const address = listenAddress(env, { port, ...callers });
      const told = callers.authenticatesCallers || isSwitchedOn(stores, "CLEARSTACK_INSECURE");
      const answer = (request: Request) => app.fetch(request);
      const handler = idleMs === undefined ? answer : endWhenIdle(answer, { idleMs, end });
      return host.serve(
        { ...address, ...(quiet ? { onListen: () => {} } : {}) },
        told || !isLoopback(address.hostname) ? handler : loopbackOnly(handler, origins),
      );
    },
  };
}
