/** Metrics of a real job over functions that are served apart, as Prometheus reads them. */
import { assert, assertEquals } from "@std/assert";
import { runServedJob } from "./served_job.ts";

/** Series by name and labels. */
async function scrape(url: string, token?: string): Promise<Map<string, number>> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/metrics`, { headers });
  const text = await response.text();
  assertEquals(response.status, 200, text);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
}

Deno.test("what the functions count is what the job reports", async () => {
  const METRICS_TOKEN = "for-scrapers-only";
  const job = await runServedJob(() => ({ CLEARSTACK_METRICS_TOKEN: METRICS_TOKEN }));
  const { functions, status: { tiles, result, state }, voxels } = job;
  try {
    assertEquals(state, "done");
    const done = await scrape(functions.deconvolve.url, METRICS_TOKEN);
    const { bytesRead, bytesWritten, kernelSeconds, iterations } = result!;
    assertEquals(done.get('clearstack_tasks_total{kind="tiles",outcome="done"}'), tiles);
    assertEquals(done.get('clearstack_tasks_total{kind="seams",outcome="done"}'), result!.seam!.places);
    assertEquals(done.get('clearstack_voxels_total{kind="tiles"}'), voxels);
    assertEquals(done.get('clearstack_read_bytes_total{kind="tiles"}'), bytesRead);
    assertEquals(done.get('clearstack_written_bytes_total{kind="tiles"}'), bytesWritten);
    // Sums of the same numbers in another order.
    const seconds = done.get('clearstack_device_seconds_total{kind="tiles",backend="cpu"}')!;
    assert(Math.abs(seconds - kernelSeconds) < 1e-9 * kernelSeconds, `${seconds} ${kernelSeconds}`);
    const voxelIterations = done.get('clearstack_voxel_iterations_total{kind="tiles",backend="cpu"}')!;
    assert(voxelIterations >= voxels * iterations && voxelIterations % iterations === 0, `${voxelIterations}`);
    assertEquals(done.get('clearstack_task_seconds_count{kind="tiles"}'), tiles);

    const driven = await scrape(functions.orchestrate.url, METRICS_TOKEN);
    assertEquals(driven.get('clearstack_jobs_total{state="done",reason=""}'), 1);
    assertEquals(driven.get("clearstack_jobs_running"), 0);
    assertEquals(driven.get("clearstack_jobs_queued"), 0);
    assertEquals(driven.get('clearstack_tasks_in_flight{kind="tiles"}'), 0);
    assertEquals(driven.get('clearstack_tasks_waiting{kind="tiles"}'), 0);
    assertEquals(driven.get("clearstack_seam_difference_ratio_count"), 1);

    const asked = await scrape(functions.api.url, METRICS_TOKEN);
    assertEquals(asked.get('clearstack_request_seconds_count{method="POST",route="/v1/jobs",status="202"}'), 1);
    for (const { url } of Object.values(functions)) {
      const refused = await fetch(`${url}/metrics`);
      assertEquals([refused.status, (await refused.json()).status], [401, 401], url);
      assertEquals(await ask(`${url}/healthz`), 200);
      assertEquals(await ask(`${url}/readyz`), 200);
    }
  } finally {
    await job.stop();
  }
});

async function ask(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

Deno.test("what is not there makes no series of its own", async () => {
  const { createPyramidApp } = await import("functions/pyramid/app.ts");
  const app = createPyramidApp({ levels: () => Promise.reject(new Error("never called")), log: () => {} });
  for (let i = 0; i < 5; i++) await app.request(`/nothing/${i}`, { method: `MADE-UP-${i}` });
  const text = await (await app.request("/metrics")).text();
  assert(text.includes('clearstack_request_seconds_count{method="other",route="other",status="404"} 5'), text);
  assertEquals(text.includes("MADE-UP"), false);
});
