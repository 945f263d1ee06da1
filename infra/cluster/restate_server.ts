/** The Restate server of npm on this machine, reachable from this machine only. */
import { createRequire } from "node:module";
import process from "node:process";
import { answers, freePort, ServerProcess } from "./server_process.ts";
import type { IdentityKey } from "./identity_key.ts";

interface RestateServerOptions {
  /** Holds its journal, its key and its log. */
  readonly folder: string;
  /** Signs its calls. */
  readonly identity: IdentityKey;
  /** Beside its own defaults. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A server that is not started yet. */
export interface RestateServer {
  readonly process: ServerProcess;
  readonly ingressUrl: string;
  readonly adminUrl: string;
  /** The folder of its journal. */
  readonly dataFolder: string;
}

/**
 * Its path below the packages of npm.
 *
 * @throws {Error} on machines that the package has no program for
 */
export async function restateProgram(): Promise<string> {
  await import("@restatedev/restate-server/package.json", { with: { type: "json" } });
  const launcher = createRequire(import.meta.url).resolve("@restatedev/restate-server/package.json");
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  return createRequire(launcher).resolve(`${name}/bin/restate-server`);
}

/**
 * Memory is bounded by its largest part, and nothing is sent to anyone. Partitions are what it does side by side: with 24, its
 * default, a step takes 0.66 ms of two cores' time, with 4 it takes 0.38 ms.
 */
const ENVIRONMENT = {
  RESTATE_DEFAULT_NUM_PARTITIONS: "4",
  RESTATE_LISTEN_MODE: "tcp",
  RESTATE_BIND_IP: "127.0.0.1",
  RESTATE_ADMIN__BIND_IP: "127.0.0.1",
  RESTATE_INGRESS__BIND_IP: "127.0.0.1",
  RESTATE_ADVERTISED_HOST: "127.0.0.1",
  RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: "256MiB",
  RESTATE_WORKER__INVOKER__MEMORY_LIMIT: "256MiB",
  RESTATE_SHUTDOWN_TIMEOUT: "5s",
  RESTATE_DISABLE_TELEMETRY: "true",
  DO_NOT_TRACK: "1",
} as const;

/** Prepares a server on ports of its own. */
export async function restateServer({ folder, identity, env }: RestateServerOptions): Promise<RestateServer> {
  const [ingress, admin, fabric] = [freePort(), freePort(), freePort()];
  const [ingressUrl, adminUrl] = [`http://127.0.0.1:${ingress}`, `http://127.0.0.1:${admin}`];
  const dataFolder = `${folder}/restate`;
  // The server leaves a folder there for each partition, whether it is killed or asked to end.
  const temporary = `${folder}/restate-temporary`;
  for (const path of [dataFolder, temporary]) await Deno.mkdir(path, { recursive: true });
  const server = new ServerProcess({
    name: "restate",
    command: await restateProgram(),
    args: ["--no-logo", "--base-dir", dataFolder],
    env: {
      ...ENVIRONMENT,
      TMPDIR: temporary,
      RESTATE_BIND_PORT: `${fabric}`,
      RESTATE_INGRESS__BIND_PORT: `${ingress}`,
      RESTATE_ADMIN__BIND_PORT: `${admin}`,
      RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: identity.privateKeyFile,
      ...env,
    },
    logFolder: folder,
    ready: async () => await answers(`${ingressUrl}/restate/health`)() && await answers(`${adminUrl}/health`)(),
  });
  return { process: server, ingressUrl, adminUrl, dataFolder };
}
