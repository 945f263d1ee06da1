/**
 * Requests to object stores, each signed afresh and guarded on its own: one call of a store may be many requests (pages of a
 * listing, parts of an upload), and only the one that failed is repeated.
 */
import pLimit from "p-limit";
import { ClearstackError } from "shared/errors.ts";
import { type GuardOptions, retrier } from "../guard/guard_store.ts";
import { bodyStart } from "./body_bytes.ts";
import { reasonOf } from "./http_response.ts";
import type { Attempt, Moved } from "../guard/patience.ts";
import type { StoreEnvironment } from "../store_environment.ts";

/** A request before it is signed. */
export interface ObjectRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Percent-encoded path below the service's address, or an absolute URL. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Name of the object or bucket for messages, such as s3://bucket/key. */
  readonly what: string;
  /** True for answers besides 2xx that are read rather than explained. */
  readonly accept?: (response: Response) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that is no success. */
export interface Failure {
  readonly request: ObjectRequest;
  readonly status: number;
  readonly headers: Headers;
  /** Beginning of the body. */
  readonly body: string;
}

/** Differences between the kinds of object stores. */
interface ObjectService {
  /** The whole URL, and the headers with authorisation added. Called for every attempt. */
  sign(request: ObjectRequest): Promise<{ readonly url: URL; readonly headers: Headers }>;
  /** Meaning of a failed answer: an error, retryable or not, or undefined for "no such object". */
  explain(failure: Failure): ClearstackError | undefined | Promise<ClearstackError | undefined>;
}

/** Reads an answer, telling how it comes along. */
type ReadAnswer<T> = (response: Response, moved: Moved) => Promise<T> | T;

/** Sends a request until it succeeds or trying again cannot help; undefined means "no such object". */
export type ObjectClient = <T>(
  request: ObjectRequest,
  read: ReadAnswer<T>,
) => Promise<T | undefined>;

/** Slowest upload that is waited for, bytes per second. */
const SLOWEST_UPLOAD = 2 ** 17;

/** Bytes of an error's body that are looked at. */
const MAX_ERROR_BYTES = 8192;

/** Makes the sender of requests to one service. */
export function objectClient(
  service: ObjectService,
  environment: StoreEnvironment,
  options: GuardOptions = {},
): ObjectClient {
  const limit = pLimit(options.concurrency ?? 16);
  return (request, read) => {
    const headStartMs = (request.body?.length ?? 0) / SLOWEST_UPLOAD * 1000;
    const retry = retrier({ ...options, headStartMs });
    return limit(() =>
      retry(request.what, request.signal, (given) => attempt(service, environment, { request, given, read }))
    );
  };
}

async function attempt<T>(
  service: ObjectService,
  environment: StoreEnvironment,
  { request, given: { signal, moved }, read }: {
    readonly request: ObjectRequest;
    readonly given: Attempt;
    readonly read: ReadAnswer<T>;
  },
): Promise<T | undefined> {
  const { url, headers } = await service.sign(request);
  // A compressed transfer would hide the object's length, and Range would count compressed bytes. Not part of the signature,
  // since proxies rewrite it.
  headers.set("accept-encoding", "identity");
  try {
    const response = await (environment.fetch ?? fetch)(url, {
      method: request.method,
      headers,
      // Signed requests go to nobody else.
      redirect: "manual",
      signal,
      ...(request.body === undefined ? {} : { body: request.body as Uint8Array<ArrayBuffer> }),
    });
    moved();
    if (response.ok || request.accept?.(response)) return await read(response, moved);
    const body = new TextDecoder().decode(await bodyStart(response, MAX_ERROR_BYTES));
    const error = await service.explain({ request, status: response.status, headers: response.headers, body });
    if (error === undefined) return undefined;
    throw error;
  } catch (error) {
    if (error instanceof ClearstackError || error instanceof DOMException) throw error;
    // No cause: the runtime's message holds the whole URL, signature included.
    throw new ClearstackError("store-unavailable", `cannot reach ${url.host} for ${request.what}: ${reasonOf(error)}`);
  }
}
