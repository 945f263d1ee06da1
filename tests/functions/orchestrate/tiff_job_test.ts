/** Jobs over HTTP whose output is a TIFF. */
import { assert, assertEquals } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { readVolumes } from "../../fixtures/read_whole.ts";
import { openImage, openStore } from "../../stores.ts";
import { identityJobs, sampleRequest } from "../identity_jobs.ts";

Deno.test("a job over HTTP writes a TIFF, continues, accepts and replaces it, and refuses other endings", async () => {
  const { request, values } = await sampleRequest();
  const { priority: _, webhook: __, ...body } = request;
  const jobs = await LocalJobRunner.start({ deps: identityJobs(), store: openStore(memoryUrl()), log: () => {} });
  try {
    const app = createApiApp({ jobs, allowedUrls: "any", log: () => {} });
    const post = (path: string, output: Record<string, unknown>) =>
      app.request(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...body, output }),
      });
    const folder = memoryUrl();
    for (
      const [output, detail] of [
        [{ url: `${folder}/out.czi` }, "ends in .zarr, .tif or .tiff"],
        [{ url: "memory:out.tif" }, "memory:FOLDER/NAME.tif"],
        [{ url: `${folder}/out.tif`, shards: [4, 64, 64] }, "a TIFF has no shards"],
      ] as const
    ) {
      for (const path of ["/v1/plans", "/v1/jobs"]) {
        const refused = await post(path, output);
        assertEquals(refused.status, 400);
        assert((await refused.json()).detail.includes(detail), detail);
      }
    }
    const run = async (ifExists: string) => {
      const response = await post("/v1/jobs", { url: `${folder}/out.tif`, ifExists });
      const text = await response.json();
      if (response.status !== 202) return text.detail as string;
      const status = text as JobStatus;
      await Array.fromAsync(readEvents((await app.request(`/v1/jobs/${status.id}/events`)).body!));
      return await (await app.request(`/v1/jobs/${status.id}`)).json() as JobStatus;
    };
    for (const [ifExists, tilesComputed] of [["fail", 18], ["resume", 0], ["overwrite", 18]] as const) {
      const status = await run(ifExists) as JobStatus;
      assertEquals([status.state, status.error], ["done", undefined]);
      assertEquals([status.request.output.url, status.result!.output], [`${folder}/out.tif`, `${folder}/out.tif`]);
      assertEquals(status.result!.tilesComputed, tilesComputed);
      assertEquals(await readVolumes(await openImage({ url: `${folder}/out.tif` })), values);
      assertEquals(await Array.fromAsync(openStore(folder).listNames("")), ["out.tif"]);
    }
    assert((await run("fail") as string).includes("is already complete"));
  } finally {
    await jobs.close();
  }
});
