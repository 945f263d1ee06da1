/** Calling another function: JSON there and back, problem documents turned into errors again. */
import type { z } from "zod";
import { ProblemSchema } from "../contract/problem.ts";
import { ClearstackError, isClearstackError } from "../errors.ts";
import { errorFromProblem } from "./problem.ts";

/** One call. */
export interface CallOptions {
  /** @default {"GET"} */
  readonly method?: "GET" | "POST" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls a function and returns its answer unread.
 *
 * @throws {ClearstackError} the error that the problem document tells of; `device-lost` if nobody answers, since the process
 * that did may come back; `cancelled`
 */
export async function callFunction(url: string, options: CallOptions = {}): Promise<Response> {
  const { method = "GET", body, headers = {}, signal } = options;
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw new ClearstackError("cancelled", "the call was cancelled", { cause });
    throw new ClearstackError("device-lost", `no answer from the function at ${new URL(url).origin}`, { cause });
  }
  if (response.ok) return response;
  throw errorFromProblem(await response.json().catch(() => undefined), response.status);
}

/** Calls a function and parses its answer. */
export async function callJson<T extends z.ZodType>(
  url: string,
  schema: T,
  options?: CallOptions,
): Promise<z.output<T>> {
  const response = await callFunction(url, options);
  try {
    const answer = await response.json();
    // A long answer that fails after its status was sent.
    if (ProblemSchema.safeParse(answer).success) throw errorFromProblem(answer, response.status);
    return schema.parse(answer);
  } catch (cause) {
    if (isClearstackError(cause)) throw cause;
    if (options?.signal?.aborted) throw new ClearstackError("cancelled", "the call was cancelled", { cause });
    throw new ClearstackError("device-lost", `the function at ${new URL(url).origin} broke off its answer`, { cause });
  }
}
