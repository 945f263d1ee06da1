/** The steps of a job whose output is a TIFF: what is there already, and making it of the Zarr that was computed. */
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { Plan } from "shared/contract/plan.ts";
import { imageName } from "shared/image/image_name.ts";
import { jobInputs, type Output } from "shared/image/output/ome_output.ts";
import type { Claimant } from "shared/image/output/output_owner.ts";
import { acceptedTiff, claimTiff, writeTiffOutput } from "shared/image/output/tiff/tiff_output.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { canonicalUrl, redactUrl } from "shared/storage/url.ts";
import { withSpan } from "shared/telemetry/span.ts";
import { type JobRun, tell } from "./job_run.ts";

/** The TIFF that a job asks for, where an earlier run has finished it. */
export async function findTiff(
  asked: JobRequest,
  computed: JobRequest,
  { plan, claimant, ...access }: StoreAccess & { readonly plan: Plan; readonly claimant?: Claimant | undefined },
): Promise<Output | undefined> {
  const { url, ifExists } = asked.output;
  const found = await claimTiff(url, {
    ...{ ...access, claimant, ifExists, planHash: plan.planHash },
    computedUrl: computed.output.url,
    inputs: jobInputs(plan, asked),
  });
  return found && acceptedTiff(url, found);
}

/** Makes the TIFF of the finished Zarr. */
export async function finishTiff(
  run: JobRun,
  url: string,
  result: JobResult,
  seconds: () => number,
): Promise<JobResult> {
  const { begun: { request, device, output, environment }, options: { signal } } = run;
  const shown = redactUrl(canonicalUrl(url));
  tell(run, { type: "status", message: `writing ${shown}` });
  await withSpan("TIFF", {}, () =>
    writeTiffOutput(url, {
      ...{ environment, signal, run: output.run, computedUrl: request.output.url, name: imageName(url) },
      memoryBytes: Math.min(request.memoryBytes ?? Infinity, device.hostBytes),
    }));
  return { ...result, seconds: seconds(), output: shown };
}
