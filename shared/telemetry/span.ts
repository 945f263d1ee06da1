/**
 * Spans of OpenTelemetry. With OTEL_DENO=true the runtime exports them; without, the API's own no-ops take their place.
 */
import type { Attributes, Span } from "@opentelemetry/api";
import { context, ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import { toClearstackError } from "shared/errors.ts";
import { VERSION } from "shared/version.ts";
import { redactText } from "./redact.ts";

export type { Attributes };

const tracer = trace.getTracer("clearstack", VERSION);

/**
 * Runs `f` within a span. An error is recorded with its kind and what may be told of its message; a cancellation is no failure.
 */
export async function withSpan<T>(name: string, attributes: Attributes, f: (span: Span) => Promise<T>): Promise<T> {
  return await tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await f(span);
    } catch (thrown) {
      const { kind, message } = toClearstackError(thrown);
      span.setAttribute("error.type", kind);
      if (kind !== "cancelled") span.setStatus({ code: SpanStatusCode.ERROR, message: redactText(message) });
      throw thrown;
    } finally {
      span.end();
    }
  });
}

interface PastSpan {
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly seconds: number;
  readonly attributes?: Attributes;
  /** Facts that come up meanwhile, told with the end of the span. */
  readonly events?: readonly { readonly name: string; readonly attributes: Attributes }[];
}

/** Adds a span below the current one. */
export function addSpan(name: string, { start, seconds, attributes = {}, events = [] }: PastSpan): void {
  const span = tracer.startSpan(name, { startTime: start, attributes });
  const end = start + 1000 * seconds;
  for (const event of events) span.addEvent(event.name, event.attributes, end);
  span.end(end);
}

/** Milliseconds since 1970, as {@link PastSpan} takes them, finer than Date.now. */
export function spanTime(): number {
  return performance.timeOrigin + performance.now();
}

/** True if somebody records what happens here. */
export function isTraced(): boolean {
  return trace.getActiveSpan()?.isRecording() ?? false;
}

/** Names the current span, which is that of a request being answered, by the route that answers it. */
export function nameRequestSpan(method: string, route: string): void {
  trace.getActiveSpan()?.updateName(`${method} ${route}`).setAttribute("http.route", route);
}

/** The ids of the current span, to find it by; undefined where there is none. */
export function currentSpanIds(): { readonly traceId: string; readonly spanId: string } | undefined {
  const ids = trace.getActiveSpan()?.spanContext();
  return ids && /[1-9a-f]/.test(ids.traceId) ? ids : undefined;
}

/** The current span as a `traceparent` (W3C Trace Context), to go on from elsewhere; undefined where there is none. */
export function traceParent(): string | undefined {
  const ids = trace.getActiveSpan()?.spanContext();
  if (!ids || !/[1-9a-f]/.test(ids.traceId)) return undefined;
  return `00-${ids.traceId}-${ids.spanId}-${ids.traceFlags & TraceFlags.SAMPLED ? "01" : "00"}`;
}

/** Runs `f` below the span that {@link traceParent} told of; below none where there is none, whatever goes on around. */
export function continueTrace<T>(parent: string | undefined, f: () => T): T {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(parent ?? "") ?? [];
  if (!traceId || !spanId || !flags) return context.with(ROOT_CONTEXT, f);
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return context.with(trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true }), f);
}
