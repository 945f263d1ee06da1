/** From what is asked for to a view that can be opened: its plan, and whose tiles it shows. */
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { Quotas } from "shared/contract/quotas.ts";
import type { ViewRequest } from "shared/contract/views/view.ts";
import { ClearstackError } from "shared/errors.ts";
import { computedRequest, isTiffOutput } from "shared/image/output_form.ts";
import { type JobRecord, readJob } from "shared/image/output/job_record.ts";
import { readTiffRecord } from "shared/image/output/tiff/tiff_record.ts";
import { checkQuotas } from "shared/plan/check_quotas.ts";
import { decidedPlan } from "shared/plan/tile_algorithm.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { planView } from "./plan_view.ts";
import type { ViewWorld } from "./view_context.ts";
import type { ViewRecord } from "./view_records.ts";

interface BeginOptions extends RequestOptions {
  /** Place of the view's output. */
  readonly url: string;
  readonly quotas?: Quotas | undefined;
}

/** What of a record its request decides. */
type Begun = Pick<ViewRecord, "request" | "plan" | "job">;

/**
 * Plans a view.
 *
 * @throws {ClearstackError} what is wrong with the request; `over-quota`; `not-found` for a job that there is not; `conflict` for
 * a job whose inputs have changed
 */
export async function beginView(
  asked: ViewRequest,
  world: Pick<ViewWorld, "jobs" | "environment">,
  { url, quotas = {}, signal }: BeginOptions,
): Promise<Begun> {
  const plan = async (request: JobRequest) => {
    const planned = await world.jobs.plan(request, { signal });
    checkQuotas({ ...planned, gpuSeconds: planned.estimate?.kernelSeconds }, quotas);
    return planned;
  };
  if ("job" in asked) return await beginJobView(asked.job, world, { url, plan });
  const request = viewRequest(asked, { url });
  return { request, plan: await planView(request, plan) };
}

/** The request of a job whose output is that of a view. */
function viewRequest(
  asked: Omit<JobRequest, "output" | "seamCheck" | "priority">,
  output: Pick<JobRequest["output"], "url"> & Partial<JobRequest["output"]>,
): JobRequest {
  return JobRequestSchema.parse({
    ...asked,
    seamCheck: 0,
    output: { ...output, ifExists: "resume", version: "0.5", shards: "none" },
  });
}

/** A view of what a job makes, in the tiles of the job. */
async function beginJobView(
  id: string,
  { jobs, environment }: Pick<ViewWorld, "jobs" | "environment">,
  { url, plan }: { readonly url: string; readonly plan: (request: JobRequest) => Promise<Plan> },
): Promise<Begun> {
  const { request } = await jobs.get(id);
  const { output: { url: output, ...settings }, webhook: _, ...others } = computedRequest(request);
  const planned = await plan({ ...request, output: { ...request.output, ifExists: "resume" } });
  const tiff = isTiffOutput(request.output.url) ? { tiff: request.output.url } : {};
  const { job = await tiffJob(tiff, environment) } = await readJob(openStore(output, { environment }));
  if (job !== undefined && job.planHash !== planned.planHash) {
    throw new ClearstackError(
      "conflict",
      `the source or the PSF of job ${id} is another since the job was planned: make a view of them, without the job`,
    );
  }
  return {
    request: viewRequest(others, { pyramid: settings.pyramid, url }),
    plan: unsharded(job?.pilot ? decidedPlan(planned, job.pilot.decisions) : planned),
    job: { id, output, ...tiff },
  };
}

/** The record of a job whose Zarr has become a TIFF. */
async function tiffJob(
  { tiff }: { readonly tiff?: string },
  environment: ViewWorld["environment"],
): Promise<JobRecord | undefined> {
  return tiff === undefined ? undefined : (await readTiffRecord(tiff, { environment }))?.job;
}

/** The same tiles and voxels, each chunk an object of its own. */
function unsharded({ shard: _, levels, ...plan }: Plan): Plan {
  return { ...plan, omeVersion: "0.5", levels: levels.map(({ shard: _, ...level }) => level) };
}
