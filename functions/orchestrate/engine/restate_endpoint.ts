/** The endpoint at which a Restate server reaches this process, and its registration. */
import { CancelledError, createEndpointHandler } from "@restatedev/restate-sdk/fetch";
import type { Driver } from "../drive/dispatcher.ts";
import { driverWorkflow } from "./restate_driver.ts";
import { shardService, type ShardServiceDeps } from "./restate_shard.ts";
import { delay } from "@std/async/delay";
import { type Log, plainLog } from "shared/telemetry/log.ts";

interface RestateEndpointOptions extends ShardServiceDeps {
  /**
   * Public keys, `publickeyv1_...`, of the servers that may call; without any, everyone who reaches the port may.
   *
   * @default {none}
   */
  readonly identityKeys?: readonly string[];
  /** What drives jobs in this process, once it is there. */
  readonly driver: Promise<Driver>;
  /** Called with what the SDK has to say of attempts that failed. */
  readonly log?: Log;
}

/** Serves shards and drivers of jobs over HTTP/2 without TLS. */
export function createRestateEndpoint(
  { identityKeys = [], log = plainLog, driver, ...deps }: RestateEndpointOptions,
): (request: Request) => Promise<Response> {
  return createEndpointHandler({
    services: [shardService({ ...deps, log }), driverWorkflow(driver)],
    bidirectional: true,
    ...(identityKeys.length > 0 ? { identityKeys: [...identityKeys] } : {}),
    logger: ({ level, context }, ...said) => {
      // A cancelled job has one for each of its shards, and its own line.
      if (said.some((part) => part instanceof CancelledError)) return;
      if (level === "error" || level === "warn") {
        log(`restate ${context?.invocationId ?? ""}: ${said.join(" ")}`, { level });
      }
    },
  });
}

/** Addresses of both sides for {@link registerEndpoint}. */
interface Registration {
  /** URL of the server's administration. */
  readonly adminUrl: string;
  /** URL at which the server reaches this process. */
  readonly endpointUrl: string;
  /** Called with why it takes so long, once for each reason. */
  readonly log?: (line: string) => void;
}

/**
 * Tells the server of the endpoint, again and again until it answers. An endpoint that it knows is left as it is: a version of its
 * own needs a URL of its own, and what is under way on another one goes on there.
 */
export async function registerEndpoint({ adminUrl, endpointUrl, log = plainLog }: Registration): Promise<void> {
  const url = new URL("/deployments", adminUrl);
  const body = JSON.stringify({ uri: endpointUrl, force: false });
  const headers = { "content-type": "application/json" };
  for (let told = "";;) {
    let answer: string;
    try {
      const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(10_000) });
      answer = await response.text();
      if (response.ok) return;
    } catch (error) {
      answer = error instanceof Error ? error.message : String(error);
    }
    if (answer !== told) log(`the Restate server at ${url.origin} does not take ${endpointUrl} yet: ${answer}`);
    told = answer;
    await delay(500);
  }
}
