/**
 * Stands in for a collector: takes what Deno exports over OTLP/HTTP as JSON and keeps the spans, so that a trace can be looked at
 * without a tracing service.
 */
import { z } from "zod";

const AttributeSchema = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) });

const SpanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string(),
  name: z.string(),
  startTimeUnixNano: z.coerce.number(),
  endTimeUnixNano: z.coerce.number(),
  attributes: z.array(AttributeSchema).default([]),
  events: z.array(z.object({ name: z.string(), attributes: z.array(AttributeSchema).default([]) })).default([]),
});

const ExportSchema = z.object({
  resourceSpans: z.array(z.object({
    resource: z.object({ attributes: z.array(AttributeSchema).default([]) }),
    scopeSpans: z.array(z.object({ spans: z.array(SpanSchema) })),
  })).default([]),
  resourceMetrics: z.array(z.object({
    scopeMetrics: z.array(z.object({ metrics: z.array(z.object({ name: z.string() })) })),
  })).default([]),
});

/** A span, and the service that it comes from. */
export interface ReceivedSpan extends Omit<z.output<typeof SpanSchema>, "attributes"> {
  readonly service: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A running receiver. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Names of the metrics that came. */
  readonly metrics: ReadonlySet<string>;
  /** Everything that came, as it came. */
  readonly raw: readonly string[];
  close(): Promise<void>;
}

/** Settings of the runtime with which a process sends to `url` at once, as a service of this name. */
export function otlpEnvironment(url: string, service: string): Record<string, string> {
  return {
    OTEL_DENO: "true",
    OTEL_SERVICE_NAME: service,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_BSP_SCHEDULE_DELAY: "100",
    OTEL_METRIC_EXPORT_INTERVAL: "500",
  };
}

/** @param port 0 takes any free one */
export function startOtlpReceiver(port = 0): OtlpReceiver {
  const spans: ReceivedSpan[] = [];
  const metrics = new Set<string>();
  const raw: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
    const text = await request.text();
    raw.push(text);
    const { resourceSpans, resourceMetrics } = ExportSchema.parse(JSON.parse(text));
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(plain(resource.attributes)["service.name"]);
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
        spans.push({ ...span, service, attributes: plain(span.attributes) });
      }
    }
    const scopes = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics);
    for (const { name } of scopes.flatMap((scope) => scope.metrics)) metrics.add(name);
    return Response.json({});
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    spans,
    metrics,
    raw,
    close: () => server.shutdown(),
  };
}

function plain(attributes: readonly z.output<typeof AttributeSchema>[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
