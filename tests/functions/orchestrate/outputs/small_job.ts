/**
 * A small job with coarser levels, in memory or on disk, whose voxels tell which plan made them: four tiles, each written with what
 * the first level has of it, and two more levels.
 */
import { assert, assertEquals } from "@std/assert";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import { type JobRequest, type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import { readOutputState } from "shared/image/output/output_state.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { openStore, storeEnvironment } from "../../../stores.ts";
import { identityJobs } from "../../identity_jobs.ts";
import { type IdentityKernels, identityKernels } from "../../identity_kernels.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";

const SHAPE = [4, 8, 1200];

/** Kernels that multiply by the number of iterations. */
export function scalingKernels(): IdentityKernels {
  const kernels = identityKernels();
  return {
    ...kernels,
    createDeconvolver: async (...args) => {
      const made = await kernels.createDeconvolver(...args);
      return {
        ...made,
        run: async (data, options) => {
          const result = await made.run(data, options);
          return { ...result, estimate: result.estimate.map((value) => value * options.iterations) };
        },
      };
    },
  };
}

/** Writes the source and the PSF of jobs below a URL. */
export async function writeInputs(url: string): Promise<void> {
  await writeZarr(`${url}/image`, { shape: SHAPE, chunk: [4, 8, 300], values: patternedVoxels(SHAPE) });
  await writePsf(`${url}/psf`, [1, 3, 3]);
}

/** A job: its number of iterations is its plan. */
export function smallRequest(
  url: string,
  iterations: number,
  output: Partial<JobRequestInput["output"]> = {},
): JobRequest {
  return JobRequestSchema.parse({
    source: { url: `${url}/image` },
    psf: { url: `${url}/psf` },
    output: { url: `${url}/output`, ...output },
    algorithm: { iterations },
    tiling: { tile: [4, 8, 300], halo: [0, 4, 4] },
    backend: "cpu",
    seamCheck: 1,
  });
}

/** Runs a job in a world. */
export function runSmall(
  request: JobRequest,
  environment: StoreEnvironment = storeEnvironment(),
  signal?: AbortSignal,
): Promise<JobResult> {
  const jobs = identityJobs(scalingKernels(), (invoke) => invoke, environment);
  return runJob(request, jobs, signal === undefined ? {} : { signal });
}

/** Stored objects of all levels and what their arrays are, by key. */
export async function levelObjects(url: string): Promise<Map<string, string>> {
  const store = openStore(url);
  const keys = (await Array.fromAsync(store.list(""))).filter((key) => /^\d+\//.test(key)).sort();
  return new Map(await Promise.all(keys.map(async (key) => [key, (await store.get(key))!.toHex()] as const)));
}

/** Objects of an undisturbed output of each plan, 1 and 2 iterations, by the hash of the plan. */
export async function undisturbed(url: string): Promise<Map<string, Map<string, string>>> {
  const expected = new Map<string, Map<string, string>>();
  for (const iterations of [1, 2]) {
    const place = `${url}/undisturbed-${iterations}`;
    await runSmall(smallRequest(url, iterations, { url: place }));
    const objects = await levelObjects(place);
    assert(objects.has("3/zarr.json"), "there are no three coarser levels");
    expected.set((await readOutputState(openStore(place)))!.planHash, objects);
  }
  assertEquals(expected.size, 2);
  return expected;
}
