/** Small jobs one after the other through the endpoint, and the memory that the service keeps. */
import { createApiApp } from "functions/api/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { openStore } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { identityJobs } from "../../../tests/functions/identity_jobs.ts";
import { identityKernels } from "../../../tests/functions/identity_kernels.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../../tests/functions/sample_image.ts";

/** Settings of {@link manyJobs}. */
interface ManyJobsOptions {
  /** An empty folder for images, outputs and the records of jobs. */
  readonly folder: string;
  readonly jobs: number;
  /** Jobs between two samples. */
  readonly every: number;
}

/** Memory that the process holds after some jobs, garbage collected. */
export interface MemorySample {
  readonly jobs: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
  /** Milliseconds a job took since the sample before. */
  readonly millisecondsPerJob: number;
}

/** Runs the jobs; a sample is yielded after every few. Needs `--v8-flags=--expose-gc`. */
export async function* manyJobs({ folder, jobs, every }: ManyJobsOptions): AsyncGenerator<MemorySample> {
  const shape = [8, 12, 10];
  await writeZarr(`${folder}/image.zarr`, { shape, chunk: shape, values: patternedVoxels(shape) });
  await writePsf(`${folder}/psf.zarr`);
  const store = openStore(`${folder}/jobs`, { environment: NO_ENVIRONMENT });
  const runner = await LocalJobRunner.start({ deps: identityJobs(forgetfulKernels()), store });
  const app = createApiApp({ jobs: runner, allowedUrls: "any" });
  try {
    for (let done = 0; done < jobs;) {
      const started = performance.now();
      const before = done;
      while (done < Math.min(jobs, before + every)) {
        const output = `${folder}/output-${++done}.zarr`;
        await runJob(app, {
          source: { url: `${folder}/image.zarr` },
          psf: { url: `${folder}/psf.zarr` },
          output: { url: output },
        });
        await Deno.remove(output, { recursive: true });
      }
      const millisecondsPerJob = (performance.now() - started) / (done - before);
      (globalThis as { gc?: () => void }).gc!();
      const { heapUsed, rss } = Deno.memoryUsage();
      yield { jobs: done, heapBytes: heapUsed, residentBytes: rss, millisecondsPerJob };
    }
  } finally {
    await runner.close();
  }
}

/** The kernels of tests remember every run; these would then be what grows. */
function forgetfulKernels(): ReturnType<typeof identityKernels> {
  const kernels = identityKernels(() => {
    kernels.runs.length = 0;
    kernels.made.length = 0;
  });
  return kernels;
}

async function runJob(app: ReturnType<typeof createApiApp>, input: unknown): Promise<void> {
  const request = JobRequestSchema.parse({ ...input as object, backend: "cpu" });
  const headers = { "content-type": "application/json" };
  const accepted = await app.request("/v1/jobs", { method: "POST", body: JSON.stringify(request), headers });
  const { id } = await accepted.json();
  let state = "";
  for await (const event of readEvents((await app.request(`/v1/jobs/${id}/events`)).body!)) state = event.status.state;
  if (state !== "done") throw new Error(`job ${id} is ${state}`);
}
