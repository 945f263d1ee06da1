import { assert, assertEquals } from "@std/assert";
import { levelTasks } from "shared/engine/level_tasks.ts";
import { beginJob, runJob } from "functions/orchestrate/run/run_job.ts";
import { createPyramidApp } from "functions/pyramid/app.ts";
import type { LevelTask } from "shared/contract/level.ts";
import { LevelRecordSchema, LevelReportSchema } from "shared/contract/level.ts";
import { decodeSealed } from "shared/image/output/sealed_json.ts";
import { plannedOutput } from "shared/image/output/level_arrays.ts";
import { ProblemSchema } from "shared/contract/problem.ts";
import { keysBelow } from "../identity_jobs.ts";
import { pyramidJobs, pyramidRequest } from "./pyramid_jobs.ts";
import { openStore, reduceTile } from "../../stores.ts";

const app = createPyramidApp({ levels: reduceTile, log: () => {} });
const post = (body: string) => app.request("/v1/levels", { method: "POST", body });

/** Tasks of the first coarser level of an output that has its full resolution. */
async function sampleTasks(): Promise<LevelTask[]> {
  const sample = { shape: [2, 2, 10, 400], chunk: [1, 2, 10, 400], tile: [2, 10, 400] } as const;
  const { request } = await pyramidRequest(sample);
  await runJob(request, pyramidJobs());
  const { plan, output } = await beginJob(
    { ...request, output: { ...request.output, ifExists: "resume" } },
    pyramidJobs(),
  );
  const { url } = request.output;
  return [...levelTasks(plannedOutput(plan, { url, run: output.run }), { level: 1, done: new Set() })];
}

Deno.test("a tile of a level is written again to the same bytes, and its report is the answer and the record", async () => {
  const [task, other] = await sampleTasks() as [LevelTask, LevelTask];
  const { url } = task.output;
  const store = openStore(url);
  const records = (await keysBelow(url)).filter((key) => key.startsWith(".clearstack/levels/"));
  assertEquals([records.length, records[0]?.split("/").at(-2), other.tile.outer], [2, "1", [1]]);
  const chunks = (await keysBelow(url)).filter((key) => key.startsWith("1/c/0/"));
  const before = await Promise.all(chunks.map((key) => store.get(key)));
  for (const key of [...chunks, records[0]!]) await store.delete(key);
  const response = await post(JSON.stringify(task));
  assertEquals(response.status, 200);
  const report = LevelReportSchema.parse(await response.json());
  assertEquals(await Promise.all(chunks.map((key) => store.get(key))), before);
  const { objects, crc32: _, ...record } = LevelRecordSchema.parse(decodeSealed(await store.get(records[0]!)));
  assertEquals([record, Object.keys(objects!).sort()], [report, chunks]);
  assertEquals([report.index, report.level], [0, 1]);
  assert(report.bytesRead > 0 && report.bytesWritten > 0 && report.least! < report.largest!);
});

Deno.test("a level whose finer one is missing, and a task that is none, are refused with a problem document", async () => {
  const [task] = await sampleTasks() as [LevelTask];
  const missing = { ...task, finer: { ...task.finer, array: "7" } };
  for (
    const [body, status] of [["{", 400], [JSON.stringify({ level: 1 }), 400], [JSON.stringify(missing), 404]] as const
  ) {
    const response = await post(body);
    assertEquals([response.status, response.headers.get("content-type")], [status, "application/problem+json"]);
    ProblemSchema.parse(await response.json());
  }
});

Deno.test("a tile that was called off leaves no record", async () => {
  const [task] = await sampleTasks() as [LevelTask];
  const again = { ...task, planHash: "f".repeat(64) };
  const stop = new AbortController();
  stop.abort();
  await reduceTile(again, stop.signal).then(() => assert(false), () => {});
  assertEquals((await keysBelow(task.output.url)).filter((key) => key.includes("ffff")), []);
});

Deno.test("nobody without the token gets a tile written, but anyone is told that the function is well", async () => {
  const guarded = createPyramidApp({ levels: reduceTile, token: "secret", log: () => {} });
  const post = (headers: Record<string, string>) =>
    guarded.request("/v1/levels", { method: "POST", body: "{", headers });
  assertEquals((await guarded.request("/healthz")).status, 200);
  assertEquals([(await post({})).status, (await post({ authorization: "Bearer secret" })).status], [401, 400]);
});

Deno.test("a task reads each chunk of the finer level once, also where those of its own do not line up with it", async () => {
  const { request } = await pyramidRequest({ shape: [50, 8, 257], chunk: [50, 8, 257], tile: [10, 8, 257] });
  await runJob(request, pyramidJobs());
  const { plan } = await beginJob({ ...request, output: { ...request.output, ifExists: "resume" } }, pyramidJobs());
  const [whole] = [...levelTasks(plannedOutput(plan, { url: request.output.url }), { level: 1, done: new Set() })] as [
    LevelTask,
  ];
  assertEquals([whole.finer.chunk, whole.output.chunk], [[10, 8, 256], [16, 4, 129]]);
  // Planes 16 to 24 are means of 32 to 49, which lie in the chunks 3 and 4.
  const core = { start: [16, 0, 0], shape: [9, 4, 129] } as const;
  const { bytesRead } = await reduceTile({ ...whole, tile: { ...whole.tile, core } }, new AbortController().signal);
  const keys = (await keysBelow(request.output.url)).filter((key) => /^0\/c\/[34]\//.test(key));
  const sizes = await Promise.all(keys.map(async (key) => (await openStore(request.output.url).head(key))!.size));
  assertEquals([keys.length, bytesRead], [4, sizes.reduce((sum, size) => sum + size, 0)]);
});
