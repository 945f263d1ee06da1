/**
 * Starts telemetry, once and before a process serves, so that its metrics go where its traces go, and so that neither tells what the
 * queries of its URLs say.
 */
import { metrics, type ObservableResult, trace } from "@opentelemetry/api";
import { VERSION } from "shared/version.ts";
import { INSTRUMENTS, lookAtProcess } from "./metrics.ts";
import { type AnyInstrument, Counter, Histogram } from "./registry.ts";

/**
 * Exports the metrics of this process over OTLP, and keeps the queries of URLs out of its spans. Does nothing unless the runtime
 * exports (OTEL_DENO=true).
 */
export function startTelemetry(): void {
  redactRequestSpans();
  const meter = metrics.getMeter("clearstack", VERSION);
  for (const instrument of INSTRUMENTS) exportInstrument(instrument, meter);
}

function exportInstrument(instrument: AnyInstrument, meter: ReturnType<typeof metrics.getMeter>): void {
  const { name, help: description } = instrument.description;
  if (instrument instanceof Histogram) {
    const advice = { explicitBucketBoundaries: [...instrument.bounds] };
    const exported = meter.createHistogram(name, { description, advice });
    instrument.onObserve((value, labels) => exported.record(value, labels));
    return;
  }
  const observe = (result: ObservableResult) => {
    lookAtProcess();
    for (const { value, labels } of instrument.samples()) result.observe(value, labels);
  };
  const exported = instrument instanceof Counter
    ? meter.createObservableCounter(name, { description })
    : meter.createObservableGauge(name, { description });
  exported.addCallback(observe);
}

/**
 * Deno records the whole URL of every request that it sends or takes, and the query of a URL may be a signature. It has no
 * setting against that; its spans are of the same class as those of this program, whose method is therefore replaced. A test
 * with real requests sees that it still is the one that Deno calls.
 */
function redactRequestSpans(): void {
  const span = trace.getTracer("clearstack", VERSION).startSpan("never ended, and so never exported");
  const methods = Object.getPrototypeOf(span) as Pick<typeof span, "setAttribute">;
  const { setAttribute } = methods;
  methods.setAttribute = function (name, value) {
    if (name === "url.query") return this as typeof span;
    const told = name === "url.full" ? String(value).replace(/[?#].*$/s, "").replace(/\/\/[^/@]*@/, "//") : value;
    return setAttribute.call(this, name, told);
  };
}
