/** A trace as text: a line for each span, below the one that it is part of. */
import type { ReceivedSpan } from "./otlp_receiver.ts";

/** Fields of a span besides its name, service and time. */
const TOLD = ["url.path", "clearstack.job", "clearstack.task", "clearstack.iterations", "error.type"];

/** The spans of one trace, indented, in the order they began; passes of an iteration stand below the span that computed. */
export function traceTree(spans: readonly ReceivedSpan[]): string {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const below = Map.groupBy(
    spans.toSorted((a, b) => a.startTimeUnixNano - b.startTimeUnixNano),
    ({ parentSpanId }) => known.has(parentSpanId) ? parentSpanId : "",
  );
  const lines: string[] = [];
  const visit = (span: ReceivedSpan, indent: string) => {
    const milliseconds = ((span.endTimeUnixNano - span.startTimeUnixNano) / 1e6).toFixed(1);
    const told = TOLD.flatMap((key) => span.attributes[key] === undefined ? [] : [String(span.attributes[key])]);
    lines.push(`${indent}${[span.name, ...told].join(" ")}  ${milliseconds} ms  (${span.service})`);
    for (const { name, attributes } of span.events) {
      const share = attributes.find(({ key }) => key === "clearstack.share")?.value["doubleValue"];
      lines.push(`${indent}  . ${name}${typeof share === "number" ? ` ${(100 * share).toFixed(0)} %` : ""}`);
    }
    for (const child of below.get(span.spanId) ?? []) visit(child, `${indent}  `);
  };
  for (const root of below.get("") ?? []) visit(root, "");
  return `${lines.join("\n")}\n`;
}
