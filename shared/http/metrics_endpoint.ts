/** `GET /metrics`, for Prometheus. */
import { metricsText } from "shared/telemetry/metrics.ts";
import { PROMETHEUS_CONTENT_TYPE } from "shared/telemetry/registry.ts";
import { refuseWithoutToken } from "./service_token.ts";

/** Tokens that scrapers must present. */
export interface MetricsAccess {
  /** Token of scrapers (CLEARSTACK_METRICS_TOKEN). @default {nothing} */
  readonly metricsToken?: string | undefined;
  /** Token of an internal function's callers; it counts where there is no token for scrapers. @default {nothing} */
  readonly token?: string | undefined;
}

/** Answers a scrape, or refuses it: metrics tell how much is done here. */
export function answerMetrics(request: Request, { metricsToken, token }: MetricsAccess): Response {
  return refuseWithoutToken(request, metricsToken ?? token) ?? metricsResponse();
}

export function metricsResponse(): Response {
  return new Response(metricsText(), {
    headers: { "content-type": PROMETHEUS_CONTENT_TYPE, "cache-control": "no-store" },
  });
}
