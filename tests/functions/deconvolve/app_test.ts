import { assert, assertEquals } from "@std/assert";
import { createDeconvolveApp } from "functions/deconvolve/app.ts";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { beginJob } from "functions/orchestrate/run/run_job.ts";
import { tileTasks } from "shared/engine/tile_tasks.ts";
import type { TileTask } from "shared/contract/tile.ts";
import { ProblemSchema } from "shared/contract/problem.ts";
import { TileReportSchema } from "shared/contract/tile.ts";
import { DeviceSchema } from "shared/contract/device.ts";
import { identityJobs, keysBelow, recordedTiles, sampleRequest } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";

function startApp() {
  const computer = createTileComputer(identityKernels(), NO_ENVIRONMENT);
  const app = createDeconvolveApp({ ...computer, device: identityJobs().device, log: () => {} });
  return (body: string) => app.request("/v1/tiles", { method: "POST", body });
}

async function sampleTasks(): Promise<TileTask[]> {
  const { request } = await sampleRequest();
  const { plan } = await beginJob(request, identityJobs());
  return [...tileTasks({ plan, request, backend: "cpu", done: new Set() })];
}

Deno.test("a tile is read, computed, written and recorded, and its report is the answer", async () => {
  const [task] = await sampleTasks() as [TileTask];
  const response = await startApp()(JSON.stringify(task));
  assertEquals(response.status, 200);
  const report = TileReportSchema.parse(await response.json());
  assertEquals([report.index, report.backend, report.adapter], [task.tile.index, "cpu", "identity"]);
  assert(report.seconds >= report.readSeconds + report.writeSeconds);
  assertEquals(await recordedTiles(task.output.url), [task.tile.index]);
});

Deno.test("a tile computed twice leaves the same bytes", async () => {
  const [task] = await sampleTasks() as [TileTask];
  const post = startApp();
  const chunks = async () => (await keysBelow(task.output.url)).filter((key) => key.startsWith("0/c/"));
  await post(JSON.stringify(task));
  const once = await chunks();
  await post(JSON.stringify(task));
  assertEquals(await chunks(), once);
});

for (
  const [what, body, status] of [
    ["a body that is not JSON", "{", 400],
    ["a task without a tile", JSON.stringify({ planHash: "1" }), 400],
    ["a body of several MiB", `"${"x".repeat(3 * 2 ** 20)}"`, 400],
  ] as const
) {
  Deno.test(`${what} is refused with a problem document`, async () => {
    const response = await startApp()(body);
    assertEquals([response.status, response.headers.get("content-type")], [status, "application/problem+json"]);
    ProblemSchema.parse(await response.json());
  });
}

Deno.test("a task whose output cannot be written fails with the kind of its error", async () => {
  const [task] = await sampleTasks() as [TileTask];
  const response = await startApp()(
    JSON.stringify({ ...task, output: { ...task.output, url: "http://127.0.0.1:9/x" } }),
  );
  assertEquals((await response.json()).type, "urn:clearstack:problem:unwritable");
});

Deno.test("the device is told, and a backend that does not exist is refused", async () => {
  const app = createDeconvolveApp({
    ...createTileComputer(identityKernels(), NO_ENVIRONMENT),
    device: identityJobs().device,
  });
  DeviceSchema.parse(await (await app.request("/v1/device?backend=cpu")).json());
  assertEquals((await app.request("/v1/device?backend=cuda")).status, 400);
  assertEquals([(await app.request("/healthz")).status, (await app.request("/nothing")).status], [200, 404]);
});
