/** Calls to a Restate server, as patient as a restart of that server needs. */
import { connect, defaultShouldRetry, HttpCallError, Opts, SendOpts } from "@restatedev/restate-sdk-clients";
import type { RetryFailure } from "@restatedev/restate-sdk-clients";
import { ClearstackError } from "shared/errors.ts";
import { SHARD_SERVICE, type ShardMessage, type ShardResult, type StopMessage } from "./restate_shards.ts";

/** A call is repeated for so long while nothing but failures comes back. */
const PATIENCE_MILLISECONDS = 600_000;
/** Failures that lie further apart are of different causes. */
const CALM_MILLISECONDS = 60_000;
/** One request waits at most so long; the next one attaches to the same invocation. */
const WAIT_MILLISECONDS = 300_000;
const SEND_MILLISECONDS = 30_000;

/** The shards of one fan-out, seen from who waits for them. */
export interface ShardClient {
  /**
   * Has a shard done and waits for it. Keys are idempotent: a further call waits for the same invocation.
   *
   * @throws {ClearstackError} `cancelled`; `conflict` if the shard is no longer wanted; `store-unavailable` if the server cannot
   * be reached
   */
  run(key: string): Promise<ShardResult>;
  /** Cancels shards wherever they are. */
  stop(keys: readonly string[]): Promise<void>;
}

/** @param hangUp ends all calls at once */
export function shardClient(ingressUrl: string, hangUp: AbortSignal): ShardClient {
  const retry = { maxAttempts: false, maxDuration: false, initialInterval: 100, maxInterval: 3000 } as const;
  const connection = () =>
    connect({
      url: ingressUrl.replace(/\/+$/, ""),
      fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.any([hangUp, init!.signal!]) }),
      retry: { ...retry, shouldRetry: patience(hangUp) },
    });
  const target = { service: SHARD_SERVICE };
  return {
    async run(key) {
      const opts = Opts.from<ShardMessage, ShardResult>({ idempotencyKey: key, timeout: WAIT_MILLISECONDS });
      try {
        return await connection().call({ ...target, handler: "run", parameter: { key }, opts });
      } catch (error) {
        throw shardError(error, ingressUrl);
      }
    },
    async stop(keys) {
      try {
        const invocations = await Promise.all(keys.map(async (key) => {
          const opts = SendOpts.from<ShardMessage>({ idempotencyKey: key, timeout: SEND_MILLISECONDS });
          return (await connection().send({ ...target, handler: "run", parameter: { key }, opts })).invocationId;
        }));
        const idempotencyKey = crypto.randomUUID();
        const opts = Opts.from<StopMessage, void>({ idempotencyKey, timeout: SEND_MILLISECONDS });
        await connection().call({ ...target, handler: "stop", parameter: { invocations }, opts });
      } catch (error) {
        throw shardError(error, ingressUrl);
      }
    },
  };
}

/** Repeats while the server is away or does not know the service yet. */
function patience(hangUp: AbortSignal): (failure: RetryFailure) => boolean {
  let [first, last] = [0, 0];
  return (failure) => {
    const unknownService = failure.kind === "response" && failure.status === 404;
    if (hangUp.aborted || !(unknownService || defaultShouldRetry(failure))) return false;
    const now = Date.now();
    if (now - last > CALM_MILLISECONDS) first = now;
    last = now;
    return now - first < PATIENCE_MILLISECONDS;
  };
}

function shardError(cause: unknown, ingressUrl: string): ClearstackError {
  if (!(cause instanceof HttpCallError)) {
    return new ClearstackError("store-unavailable", `the Restate server at ${ingressUrl} does not answer`, { cause });
  }
  if (cause.status === 409) return new ClearstackError("cancelled", "the shard was cancelled", { cause });
  if (cause.status === 410) {
    return new ClearstackError("conflict", "the job was taken over by another process", { cause });
  }
  return new ClearstackError("internal", `the Restate server answered with status ${cause.status}`, { cause });
}
