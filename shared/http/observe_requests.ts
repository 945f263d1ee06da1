/** Measures the time of requests, by the route that answers them. */
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { PROCESS } from "shared/telemetry/metrics.ts";
import { nameRequestSpan } from "shared/telemetry/span.ts";

/** The methods of HTTP, in the order in which answers list them; others must not make series of their own. */
export const HTTP_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Middleware that counts every request; the time of a stream is that until it begins. */
export const observeRequests: MiddlewareHandler = async (c, next) => {
  const started = performance.now();
  await next();
  const method = HTTP_METHODS.includes(c.req.method) ? c.req.method : "other";
  const labels = { method, route: routeOf(c), status: String(c.res.status) };
  nameRequestSpan(method, labels.route);
  PROCESS.requestSeconds.observe((performance.now() - started) / 1000, labels);
};

/** As it was registered, with names in place of ids. */
function routeOf(c: Context): string {
  return matchedRoutes(c).findLast(({ path }) => !path.endsWith("*"))?.path ?? "other";
}
