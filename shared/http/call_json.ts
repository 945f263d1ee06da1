/** Calling another function: JSON there and back, problem documents turned into errors again. */
import type { z } from "zod";
import { ProblemSchema } from "shared/contract/problem.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { errorFromProblem } from "./problem.ts";

interface CallOptions {
  /** @default {"GET"} */
  readonly method?: "GET" | "POST" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  /** Gives up if nothing has come for so long, neither the head of the answer nor a further piece of its body. @default {never} */
  readonly silenceMs?: number;
  /** The same for the head of the answer, which an instance that has to be started takes longer for. @default {silenceMs} */
  readonly headMs?: number;
  /** Makes the connections. @default {the one of the process} */
  readonly client?: Deno.HttpClient;
}

/** No instance of a function answers: none is running, or there is no way to it. `device-lost`, since it may come back. */
export class NoAnswerError extends ClearstackError {
  constructor(url: string, options: { readonly cause?: unknown } = {}) {
    super("device-lost", `no answer from the function at ${new URL(url).origin}`, options);
  }
}

/**
 * Calls a function and returns its answer unread.
 *
 * @throws {ClearstackError} the error that the problem document tells of; `device-lost` if nobody answers, since the process
 * that did may come back; `cancelled`
 */
export async function callFunction(url: string, options: CallOptions = {}): Promise<Response> {
  const { method = "GET", body, headers = {}, signal, client } = options;
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      ...(client ? { client } : {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw new ClearstackError("cancelled", "the call was cancelled", { cause });
    throw new NoAnswerError(url, { cause });
  }
  if (response.ok) return response;
  // A balancer or an activator that has no instance to ask.
  const isProblem = response.headers.get("content-type")?.startsWith("application/problem+json");
  if (!isProblem && [502, 503, 504].includes(response.status)) {
    await response.body?.cancel();
    throw new NoAnswerError(url);
  }
  throw errorFromProblem(await response.json().catch(() => undefined), response.status);
}

/**
 * Calls a function and parses its answer.
 *
 * @throws {ClearstackError} as {@link callFunction}; `device-lost` also if the answer breaks off or falls silent
 */
export async function callJson<T extends z.ZodType>(
  url: string,
  schema: T,
  options: CallOptions = {},
): Promise<z.output<T>> {
  const watch = new SilenceWatch(options);
  try {
    const response = await callFunction(url, { ...options, signal: watch.signal });
    const answer = JSON.parse(await readText(response, watch));
    // A long answer that fails after its status was sent.
    if (ProblemSchema.safeParse(answer).success) throw errorFromProblem(answer, response.status);
    return schema.parse(answer);
  } catch (cause) {
    if (options.signal?.aborted) throw new ClearstackError("cancelled", "the call was cancelled", { cause });
    const where = `the function at ${new URL(url).origin}`;
    if (watch.signal?.aborted) throw new ClearstackError("device-lost", `${where} fell silent`, { cause });
    if (isClearstackError(cause)) throw cause;
    throw new ClearstackError("device-lost", `${where} broke off its answer`, { cause });
  } finally {
    watch.end();
  }
}

async function readText(response: Response, watch: SilenceWatch): Promise<string> {
  // Read by hand: a pipe and its iterator cost more than the rest of a short call.
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  for (let text = "";;) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    watch.heard();
    text += decoder.decode(value, { stream: true });
  }
}

/** Aborts a call that has heard nothing for too long, or whose caller does. */
class SilenceWatch {
  readonly signal: AbortSignal | undefined;
  readonly #stop = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #milliseconds: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ signal, silenceMs, headMs = silenceMs }: CallOptions) {
    this.#caller = signal;
    this.#milliseconds = silenceMs;
    this.signal = silenceMs === undefined ? signal : this.#stop.signal;
    if (silenceMs === undefined) return;
    signal?.addEventListener("abort", this.#abort, { once: true });
    if (signal?.aborted) this.#abort();
    this.#timer = setTimeout(this.#abort, headMs);
  }

  readonly #abort = () => this.#stop.abort();

  heard(): void {
    if (this.#milliseconds === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#abort, this.#milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#abort);
  }
}
