/** Jobs on this machine, each with the functions it needs in this process and gone with it. */
import { type PreparedJob, prepareJob } from "functions/orchestrate/plan/prepare_job.ts";
import { readJobControl } from "functions/orchestrate/jobs/job_control.ts";
import { estimateWork } from "functions/orchestrate/plan/throughput.ts";
import type { RunJobOptions } from "functions/orchestrate/run/job_run.ts";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import type { RunShareOptions } from "functions/orchestrate/run/run_share.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobResult, ShareResult } from "shared/contract/job_status.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import { schemeOf } from "shared/storage/url.ts";
import { type LocalProcess, type LocalProcessOptions, type LocalWorld, openLocalProcess } from "./local_process.ts";

/**
 * Runs a job to its end and frees everything it took.
 *
 * @throws {ClearstackError} what stopped the job
 */
export function runLocalJob(
  request: JobRequest,
  world: LocalWorld,
  { onTask, ...options }: RunJobOptions & Pick<LocalProcessOptions, "onTask"> = {},
): Promise<JobResult> {
  return withLocalProcess(request, world, ({ deps }) => runJob(request, deps, options), onTask);
}

/**
 * Plans a job and estimates its time, and its cost where CLEARSTACK_PRICE_PER_GPU_SECOND sets a price; nothing is written.
 *
 * @throws {ClearstackError} what is wrong with the request, the source, the PSF or the plan
 */
export function prepareLocalJob(request: JobRequest, world: LocalWorld, signal?: AbortSignal): Promise<PreparedJob> {
  const { price } = readJobControl(world.environment.env);
  return withLocalProcess(request, world, async ({ deps }) => {
    const prepared = await prepareJob(request, deps, signal);
    const { plan, device } = prepared;
    return { ...prepared, plan: { ...plan, estimate: estimateWork(plan, device, { price }) } };
  });
}

/**
 * Runs one of several tasks of a job that share nothing but its output, see run_share.ts.
 *
 * @throws {ClearstackError} what stopped the task
 */
export async function runLocalShare(
  request: JobRequest,
  world: LocalWorld,
  { onTask, ...options }: RunShareOptions & Pick<LocalProcessOptions, "onTask">,
): Promise<JobResult | ShareResult> {
  const { runShare } = await import("functions/orchestrate/run/run_share.ts");
  return await withLocalProcess(request, world, ({ deps }) => runShare(request, deps, options), onTask);
}

async function withLocalProcess<Result>(
  request: JobRequest,
  world: LocalWorld,
  use: (local: LocalProcess) => Promise<Result>,
  onTask?: LocalProcessOptions["onTask"],
): Promise<Result> {
  const places = [request.source, request.output, ...psfLocations(request)];
  // On one's own machine one may ask for more than is taken by default.
  const config = { ...world.config, hostBytes: request.memoryBytes ?? world.config.hostBytes };
  const local = openLocalProcess({ ...world, config }, {
    inMemory: world.aloneInWorld || places.some(({ url }) => schemeOf(url) === "memory"),
    onTask,
  });
  try {
    return await use(local);
  } finally {
    await local.close();
  }
}
