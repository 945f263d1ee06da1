/** Checks that everything jobs need besides this process answers. */
import { callFunction } from "shared/http/call_json.ts";
import { PROCESS } from "shared/telemetry/metrics.ts";

/** A probe that hears nothing for so long has its answer. */
const PROBE_MILLISECONDS = 10_000;

interface EngineAddresses {
  /** Of the `deconvolve` function's instances, where one has to live. */
  readonly tilesUrls: readonly string[];
  /** Ingress of a Restate server, if one drives the tasks. */
  readonly ingressUrl?: string;
}

/**
 * Asks the Restate server, if there is one, and every instance; one that is ready is enough to get on with.
 *
 * @throws {ClearstackError} what the server said, or the first instance
 */
export async function engineReady({ tilesUrls, ingressUrl }: EngineAddresses): Promise<void> {
  try {
    if (ingressUrl !== undefined) await ask(new URL("/restate/health", ingressUrl));
    if (tilesUrls.length > 0) await Promise.any(tilesUrls.map((url) => ask(new URL("/readyz", url))));
    PROCESS.ready.set(1, { function: "orchestrate" });
  } catch (error) {
    PROCESS.ready.set(0, { function: "orchestrate" });
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}

async function ask({ href }: URL): Promise<void> {
  const response = await callFunction(href, { signal: AbortSignal.timeout(PROBE_MILLISECONDS) });
  await response.body?.cancel();
}
