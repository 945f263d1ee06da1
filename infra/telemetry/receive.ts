/**
 * `deno run -A infra/telemetry/receive.ts [PORT]`: receives traces on a port of this machine (default 4318) and, when it is
 * interrupted, prints each as text.
 */
import { startOtlpReceiver } from "./otlp_receiver.ts";
import { traceTree } from "./trace_tree.ts";

const receiver = startOtlpReceiver(Number(Deno.args[0] ?? 4318));
console.error(`Receiving at ${receiver.url}; interrupt to see the traces.`);
const { promise: interrupted, resolve } = Promise.withResolvers<void>();
Deno.addSignalListener("SIGINT", resolve);
await interrupted;
await receiver.close();
for (const spans of Map.groupBy(receiver.spans, ({ traceId }) => traceId).values()) console.log(traceTree(spans));
