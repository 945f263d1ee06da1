/** Where a Restate server reaches this process, and how the server learns of it. */
import { createEndpointHandler } from "@restatedev/restate-sdk/fetch";
import { ClearstackError } from "shared/errors.ts";
import type { ShardServiceDeps } from "./restate_shard.ts";
import { shardService } from "./restate_shard.ts";

/** Settings of {@link createRestateEndpoint}. */
export interface RestateEndpointOptions extends ShardServiceDeps {
  /**
   * Public keys, `publickeyv1_...`, of the servers that may call; without any, everyone who reaches the port may.
   *
   * @default {none}
   */
  readonly identityKeys?: readonly string[];
  /** Called with what the SDK has to say of attempts that failed. */
  readonly log?: (line: string) => void;
}

/** Serves the shard service over HTTP/2 without TLS. */
export function createRestateEndpoint(
  { identityKeys = [], log = console.error, ...deps }: RestateEndpointOptions,
): (request: Request) => Promise<Response> {
  return createEndpointHandler({
    services: [shardService(deps)],
    bidirectional: true,
    ...(identityKeys.length > 0 ? { identityKeys: [...identityKeys] } : {}),
    logger: ({ level, context }, ...said) => {
      if (level === "error" || level === "warn") log(`restate ${context?.invocationId ?? ""}: ${said.join(" ")}`);
    },
  });
}

/** How {@link registerEndpoint} reaches both sides. */
export interface Registration {
  /** Where the server is administrated. */
  readonly adminUrl: string;
  /** Where the server reaches this process. */
  readonly endpointUrl: string;
}

const REGISTER_MILLISECONDS = 120_000;

/**
 * Tells the server of the endpoint, again and again until it answers. What is under way on the same endpoint goes on there.
 *
 * @throws {ClearstackError} `store-unavailable` after two minutes
 */
export async function registerEndpoint({ adminUrl, endpointUrl }: Registration): Promise<void> {
  const url = new URL("/deployments", adminUrl);
  const body = JSON.stringify({ uri: endpointUrl, force: true });
  const headers = { "content-type": "application/json" };
  let answer = "nobody answers";
  for (const deadline = Date.now() + REGISTER_MILLISECONDS; Date.now() < deadline;) {
    try {
      const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(10_000) });
      answer = await response.text();
      if (response.ok) return;
    } catch (error) {
      answer = error instanceof Error ? error.message : String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new ClearstackError(
    "store-unavailable",
    `the Restate server at ${url.origin} does not take ${endpointUrl}: ${answer}`,
  );
}
