/** Limits on one request and one caller. */
import type { MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { concat } from "@std/bytes/concat";
import { ClearstackError } from "shared/errors.ts";
import { assertShallow } from "shared/json_depth.ts";
import { httpProblem, problemResponse } from "shared/http/problem.ts";
import { MAX_BODY_BYTES, utf8Text } from "shared/http/read_json.ts";
import { untilEnd } from "shared/http/until_end.ts";
import type { Env } from "./env.ts";
import { submitJob } from "./routes.ts";

/** Limits of requests; a caller's quotas may hold another number of requests at once. */
export interface Limits {
  /** @default {1 MiB} */
  readonly bodyBytes: number;
  /** Until the whole body must have come. @default {15} */
  readonly bodySeconds: number;
  /** Until a plan must be made, or a job accepted. @default {120} */
  readonly planSeconds: number;
  /** Of one caller, event streams included. @default {64} */
  readonly requestsAtOnce: number;
  /** Of the path and query. @default {8192} */
  readonly urlCharacters: number;
  /** Of all names and values. @default {32768} */
  readonly headerCharacters: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: MAX_BODY_BYTES,
  bodySeconds: 15,
  planSeconds: 120,
  requestsAtOnce: 64,
  urlCharacters: 8192,
  headerCharacters: 32_768,
};

/** Refuses requests whose URL or headers are too long: 414 and 431. */
export function limitHeaders({ urlCharacters, headerCharacters }: Limits): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { pathname, search } = new URL(c.req.url);
    if (pathname.length + search.length > urlCharacters) {
      return problemResponse(httpProblem(414, "URL too long", `a URL may hold at most ${urlCharacters} characters`));
    }
    let characters = 0;
    for (const [name, value] of c.req.raw.headers) characters += name.length + value.length;
    if (characters > headerCharacters) {
      const detail = `headers may hold at most ${headerCharacters} characters`;
      return problemResponse(httpProblem(431, "Headers too large", detail));
    }
    return await next();
  };
}

/**
 * Reads the body before anything else does: 413 for one that is too large, 408 for one that takes too long to come, 415 for one that is
 * compressed.
 */
export function limitBody({ bodyBytes, bodySeconds }: Limits): MiddlewareHandler<Env> {
  const tooLarge = () =>
    problemResponse(httpProblem(413, "Body too large", `a body may hold at most ${bodyBytes} bytes`));
  return async (c, next) => {
    const { body } = c.req.raw;
    if (body === null) return await next();
    if (Number(c.req.header("content-length") ?? 0) > bodyBytes) return tooLarge();
    const encoding = c.req.header("content-encoding") ?? "identity";
    if (encoding.toLowerCase() !== "identity") {
      const detail = "send the body as it is, without Content-Encoding";
      return problemResponse(httpProblem(415, "Unsupported encoding", detail), { "accept-encoding": "identity" });
    }
    const reader = body.getReader();
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    let late = false;
    const leave = () => {
      late = true;
      reader.cancel().catch(() => {});
    };
    const timer = setTimeout(leave, bodySeconds * 1000);
    const signal = c.get("bodySignal");
    signal?.addEventListener("abort", leave);
    try {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        length += piece.value.length;
        if (length > bodyBytes) {
          await reader.cancel();
          return tooLarge();
        }
        pieces.push(piece.value);
      }
    } catch {
      throw new ClearstackError("invalid-request", "the body broke off");
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", leave);
    }
    if (late) {
      return problemResponse(
        httpProblem(
          408,
          "Body too slow",
          `the body must come within ${bodySeconds} s, and at once where many others come`,
        ),
        {
          connection: "close",
        },
      );
    }
    const whole = concat(pieces);
    try {
      assertShallow(whole);
    } catch (error) {
      throw new ClearstackError("invalid-request", `the body: ${(error as Error).message}`);
    }
    utf8Text(whole);
    c.req.raw = new Request(c.req.raw, { body: whole });
    return await next();
  };
}

/** Answers 504 where a plan takes too long, and ends the planning then, as where the caller hangs up. */
export function limitPlanning({ planSeconds }: Limits): MiddlewareHandler<Env> {
  return async (c, next) => {
    const late = new AbortController();
    c.set("planSignal", AbortSignal.any([late.signal, c.req.raw.signal]));
    const answerLate = () => {
      late.abort();
      const mend = c.req.path === submitJob.path
        ? "the list of jobs tells which were started"
        : "its store is slow, or it has many images: name a part of them, or ask again";
      return new HTTPException(504, { message: `the source was not planned within ${planSeconds} s: ${mend}` });
    };
    // It makes an error when it is loaded, for whose stack V8 compiles a bundle once more: a tenth of the time until the first answer.
    const { timeout } = await import("hono/timeout");
    return await timeout(planSeconds * 1000, answerLate)(c, next);
  };
}

/** Bounds the requests that one caller has in flight; an event stream counts until it ends. */
export function limitConcurrency({ requestsAtOnce }: Limits): MiddlewareHandler<Env> {
  const inFlight = new Map<string, number>();
  return async (c, next) => {
    const { id, quotas } = c.get("principal");
    const limit = quotas?.requests ?? requestsAtOnce;
    const count = inFlight.get(id) ?? 0;
    if (count >= limit) {
      throw new ClearstackError("too-many", `${count} of your requests are in flight: at most ${limit} may be`);
    }
    inFlight.set(id, count + 1);
    const release = () => {
      const left = inFlight.get(id)! - 1;
      if (left === 0) inFlight.delete(id);
      else inFlight.set(id, left);
    };
    let held = false;
    try {
      await next();
      const { body } = c.res;
      if (body === null || c.res.headers.get("content-type") !== "text/event-stream") return;
      // Nobody reads what HEAD is answered by.
      if (c.req.raw.method === "HEAD") await body.cancel();
      else {
        held = true;
        c.res = new Response(untilEnd(body, release), c.res);
      }
    } finally {
      if (!held) release();
    }
  };
}
