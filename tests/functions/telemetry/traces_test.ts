/** Traces of a real job over functions that are served apart, as a collector receives them. */
import { assert, assertEquals } from "@std/assert";
import { otlpEnvironment, startOtlpReceiver } from "../../../infra/telemetry/otlp_receiver.ts";
import type { OtlpReceiver, ReceivedSpan } from "../../../infra/telemetry/otlp_receiver.ts";
import { traceTree } from "../../../infra/telemetry/trace_tree.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { INSTRUMENTS } from "shared/telemetry/metrics.ts";
import { runServedJob, SECRET } from "./served_job.ts";

/** Waits until it is true, at most 10 s: processes export now and then. */
async function eventually(isTrue: () => boolean): Promise<void> {
  for (let waited = 0; !isTrue() && waited < 10_000; waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Traced {
  readonly status: JobStatus;
  readonly receiver: OtlpReceiver;
  /** What each function wrote on standard error. */
  readonly said: Readonly<Record<string, string>>;
}

/** One job that all tests look at. */
let traced: Promise<Traced> | undefined;

async function runTraced(): Promise<Traced> {
  const receiver = startOtlpReceiver();
  const job = await runServedJob((name) => otlpEnvironment(receiver.url, name));
  await eventually(() => spansNamed(receiver, "job").length === 1 && receiver.metrics.has("clearstack_jobs_total"));
  const said = await job.stop();
  await receiver.close();
  assertEquals([job.status.state, job.status.error], ["done", undefined]);
  return { status: job.status, receiver, said };
}

function spansNamed({ spans }: OtlpReceiver, wanted: string): ReceivedSpan[] {
  return spans.filter(({ name }) => name === wanted);
}

Deno.test("one trace leads from the request that submits a job over its tasks to the computation of each tile", async () => {
  const { status, receiver } = await (traced ??= runTraced());
  const submitted = receiver.spans.find(({ service, attributes }) =>
    service === "api" && attributes["http.request.method"] === "POST" && attributes["url.path"] === "/v1/jobs"
  )!;
  const byId = new Map(receiver.spans.map((span) => [span.spanId, span]));
  const path = (span: ReceivedSpan): string[] => {
    const parent = byId.get(span.parentSpanId);
    return [...(parent ? path(parent) : []), `${span.service}: ${span.name}`];
  };
  const computed = spansNamed(receiver, "compute");
  assertEquals(computed.length, status.tiles + (status.result!.seam?.places ?? 0));
  const paths = computed.map(path).filter((names) => names.includes("deconvolve: tile"));
  assertEquals(paths.length, status.tiles);
  for (const names of paths) {
    assertEquals(names, [
      "api: POST /v1/jobs",
      "api: POST",
      "orchestrate: POST /v1/runs",
      "orchestrate: job",
      "orchestrate: tiles",
      "orchestrate: task of tiles",
      "orchestrate: POST",
      "deconvolve: POST /v1/tiles",
      "deconvolve: tile",
      "deconvolve: deconvolve",
      "deconvolve: compute",
    ]);
  }
  for (const name of ["job", "plan", "tiles", "seams", "commit", "tile", "read", "encode and write", "compute"]) {
    assertEquals([...new Set(spansNamed(receiver, name).map(({ traceId }) => traceId))], [submitted.traceId], name);
  }
  assertEquals(computed[0]!.attributes["clearstack.iterations"], 3);
  const tree = traceTree(receiver.spans.filter(({ traceId }) => traceId === submitted.traceId));
  assert(/\n {20}compute 3 {2}[\d.]+ ms {2}\(deconvolve\)\n/.test(tree), tree);
});

Deno.test("metrics are exported under the names of the one list", async () => {
  const { receiver } = await (traced ??= runTraced());
  const known = new Set(INSTRUMENTS.map(({ description }) => description.name));
  const exported = [...receiver.metrics].filter((name) => name.startsWith("clearstack_"));
  assert(exported.length > 10 && exported.every((name) => known.has(name)), exported.join(" "));
});

Deno.test("the signature of a source is in no span, metric or log", async () => {
  const { receiver, said } = await (traced ??= runTraced());
  // The requests that carry it are among the spans.
  assert(receiver.spans.some(({ attributes }) => attributes["url.path"] === "/image.zarr/c/0/0/0"));
  assertEquals([...receiver.raw, ...Object.values(said)].filter((text) => text.includes(SECRET)), []);
});

Deno.test("log lines of served functions are JSON with the trace they belong to", async () => {
  const { status, receiver, said } = await (traced ??= runTraced());
  const lines = said["orchestrate"]!.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const { time, trace_id, span_id, deviceSeconds, ...ended } = lines.findLast(({ job }) => job !== undefined);
  const { id: job, tiles } = status;
  const message = "the job has ended";
  assertEquals(ended, { level: "info", message, function: "orchestrate", job, state: "done", tiles });
  assert(/^\d{4}-\d\d-\d\dT.*Z$/.test(time) && /^[0-9a-f]{16}$/.test(span_id) && deviceSeconds > 0);
  assertEquals(trace_id, spansNamed(receiver, "job")[0]!.traceId);
});
