/** Jobs over HTTP whose output stores integers. */
import { assert, assertEquals } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { readVolumes } from "../../fixtures/read_whole.ts";
import { openImage, openStore } from "../../stores.ts";
import { identityJobs, sampleRequest } from "../identity_jobs.ts";

Deno.test("a job over HTTP stores integers in a Zarr and in a TIFF, says what they stand for, and refuses what means nothing", async () => {
  const { request, values } = await sampleRequest();
  const { priority: _, webhook: __, ...body } = request;
  const jobs = await LocalJobRunner.start({ deps: identityJobs(), store: openStore(memoryUrl()), log: () => {} });
  try {
    const app = createApiApp({ jobs, allowedUrls: "any", log: () => {} });
    const folder = memoryUrl();
    const post = (path: string, output: Record<string, unknown>) =>
      app.request(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...body, output: { url: `${folder}/out.zarr`, ...output } }),
      });
    for (
      const [output, path, text] of [
        [{ range: [0, 9] }, "output.range", "float32 holds every value"],
        [{ range: "auto" }, "output.range", "float32 holds every value"],
        [{ dtype: "int16" }, "output.dtype", "uint16"],
        [{ dtype: "uint16", range: [9, 9] }, "output.range", "from a lower to a higher value"],
        [{ dtype: "uint16", range: [9, 0] }, "output.range", "from a lower to a higher value"],
        [{ dtype: "uint16", range: ["0", "9"] }, "output.range.0", "two numbers"],
        [{ dtype: "uint16", range: "0,9" }, "output.range", "lo below hi"],
        [{ dtype: "uint16", range: [0, 1e39] }, "output.range.1", "3.5e+38"],
        [{ dtype: "uint16", range: [0, null] }, "output.range.1", "two numbers"],
        [{ dtype: "uint16", range: [0, 1, 2] }, "output.range", "lo below hi"],
        [{ dtype: "uint16", range: [0, 1e-40] }, "output.range", "from a lower to a higher value"],
      ] as const
    ) {
      for (const endpoint of ["/v1/plans", "/v1/jobs"]) {
        const refused = await post(endpoint, output);
        const problem = await refused.json();
        assertEquals([refused.status, problem.path], [400, path], JSON.stringify([output, problem]));
        assert(problem.detail.includes(text), problem.detail);
      }
    }
    const [floats, integers] = await Promise.all(
      [{}, { dtype: "uint16" }].map(async (output) => await (await post("/v1/plans", output)).json()),
    );
    assertEquals([integers.outputDtype, integers.bytesWritten], ["uint16", floats.bytesWritten / 2]);
    assert(floats.planHash !== integers.planHash && integers.hostBytes !== floats.hostBytes);
    for (const name of ["out.zarr", "out.tif"]) {
      const accepted: JobStatus =
        await (await post("/v1/jobs", { url: `${folder}/${name}`, dtype: "uint16", range: [0, 3000] }))
          .json();
      await Array.fromAsync(readEvents((await app.request(`/v1/jobs/${accepted.id}/events`)).body!));
      const { state, result, error }: JobStatus = await (await app.request(`/v1/jobs/${accepted.id}`)).json();
      assertEquals([state, error], ["done", undefined]);
      const { scale, offset } = result!.intensity!;
      assertEquals([scale, offset], [3000 / 65535, 0]);
      const image = await openImage({ url: `${folder}/${name}` });
      assertEquals(image.info.dtype, "uint16");
      const expected = values.map((value) => Math.min(65535, Math.floor(value / scale + 0.5)));
      assertEquals(await readVolumes(image), expected);
      const above = values.filter((value) => value > 3000 + scale / 2).length;
      assertEquals(result!.clipping, { below: 0, above, least: 0, largest: Math.max(...values) });
      assertEquals(result!.warnings!.at(-1)!.code, "output-clipped");
    }
  } finally {
    await jobs.close();
  }
});
