/**
 * A runner in a process of its own, to be killed: takes jobs from the folder JOBS, submits REQUEST if there is one and prints the
 * job's id, and takes PACE milliseconds for each tile. DEAD_AFTER is the time after which others take it for dead.
 */
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { identityJobs } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { openStore } from "../../stores.ts";

const throughput = Number(Deno.env.get("PACE"));
const kernels = identityKernels(() => new Promise((resolve) => setTimeout(resolve, throughput)));
const runner = await LocalJobRunner.start({
  deps: identityJobs(kernels),
  store: openStore(Deno.env.get("JOBS")!),
  deadAfterMs: Number(Deno.env.get("DEAD_AFTER")),
});
const request = Deno.env.get("REQUEST");
if (request) console.log((await runner.submit(JobRequestSchema.parse(JSON.parse(request)))).id);
else console.log("ready");
