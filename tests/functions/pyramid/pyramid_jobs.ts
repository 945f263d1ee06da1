/** Jobs over kernels that change nothing, for images that are large enough to have coarser levels. */
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import type { JobDeps } from "functions/orchestrate/run/run_job.ts";
import { type JobRequest, type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import type { Invoke } from "shared/engine/task_kinds.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { identityJobs } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { reduceTile } from "../../stores.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";

/** What to make. */
export interface PyramidSample {
  readonly shape: readonly number[];
  readonly chunk: readonly number[];
  readonly tile: readonly [number, number, number];
  readonly output?: Partial<JobRequestInput["output"]>;
}

/** Jobs whose tiles of levels go through `wrap`. */
export function pyramidJobs(wrap: (invoke: Invoke<"levels">) => Invoke<"levels"> = (invoke) => invoke): JobDeps {
  const retries = { attempts: 2, firstDelayMs: 1, longestDelayMs: 1 };
  const tiles = createTileComputer(identityKernels(), NO_ENVIRONMENT);
  return { ...identityJobs(), engine: createLocalEngine({ ...tiles, levels: wrap(reduceTile) }, { retries }) };
}

/** A request over a fresh patterned image in memory. */
export async function pyramidRequest(
  { shape, chunk, tile, output = {} }: PyramidSample,
): Promise<{ readonly request: JobRequest; readonly values: Float32Array }> {
  const url = memoryUrl();
  const values = patternedVoxels(shape);
  await writeZarr(`${url}/image`, { shape, chunk, values });
  await writePsf(`${url}/psf`, shape.length === 2 ? [3, 3] : [1, 3, 3]);
  const request = JobRequestSchema.parse({
    source: { url: `${url}/image` },
    psf: { url: `${url}/psf` },
    output: { url: `${url}/output`, ...output },
    tiling: { tile, halo: [0, 4, 4] },
    backend: "cpu",
    seamCheck: 0,
  });
  return { request, values: Float32Array.from(values) };
}
