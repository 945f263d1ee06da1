/** Budgets of those who send events: whoever proves themselves has one that strangers cannot use up. */
import type { MiddlewareHandler } from "hono";
import { httpProblem, problemResponse } from "shared/http/problem.ts";
import type { Env } from "../env.ts";
import type { Limits } from "../limits.ts";

/** Senders that are told to come back wait this long, seconds. */
export const RETRY_AFTER_SECONDS = 30;

/**
 * Bounds the deliveries of known senders in flight, and on their own those of strangers whose bodies are coming: there the oldest
 * makes room for the newest, so that a delivery that comes at once always comes through, however many trickle.
 *
 * @param isKnown tells by headers and query
 */
export function limitSenders(
  { requestsAtOnce }: Pick<Limits, "requestsAtOnce">,
  isKnown: (request: Request) => Promise<boolean>,
): MiddlewareHandler<Env> {
  let known = 0;
  const strangers = new Set<AbortController>();
  return async (c, next) => {
    if (await isKnown(c.req.raw)) {
      if (known >= requestsAtOnce) {
        const detail = `${known} deliveries are in flight: send the event again`;
        return problemResponse(httpProblem(503, "Not now", detail), { "retry-after": `${RETRY_AFTER_SECONDS}` });
      }
      known++;
      return await next().finally(() => known--);
    }
    const [oldest] = strangers;
    if (oldest !== undefined && strangers.size >= requestsAtOnce) {
      strangers.delete(oldest);
      oldest.abort();
    }
    const room = new AbortController();
    strangers.add(room);
    c.set("bodySignal", room.signal);
    return await next().finally(() => strangers.delete(room));
  };
}
