/** One job over HTTP, watched to its end by someone who outlasts the servers. */
import { delay } from "@std/async/delay";
import type { JobRequestInput } from "shared/contract/job_request.ts";
import { type JobStatus, JobStatusSchema } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { callJson } from "shared/http/call_json.ts";

interface RunJobOptions {
  readonly apiUrl: string;
  /** Told where the job stands, twice a second. */
  readonly tell?: (status: JobStatus) => void;
  /** @default {ten minutes} */
  readonly limitSeconds?: number;
}

/**
 * Posts a job and asks for it until it has ended; a question that is not answered is asked again.
 *
 * @throws {Error} if it does not end in time
 */
export async function runJob(
  request: JobRequestInput,
  { apiUrl, tell, limitSeconds = 600 }: RunJobOptions,
): Promise<JobStatus> {
  const { id } = await callJson(`${apiUrl}/v1/jobs`, JobStatusSchema, { method: "POST", body: request });
  let last: unknown;
  for (const deadline = Date.now() + 1000 * limitSeconds; Date.now() < deadline;) {
    try {
      const status = await callJson(`${apiUrl}/v1/jobs/${id}`, JobStatusSchema, { silenceMs: 10_000 });
      tell?.(status);
      if (hasEnded(status)) return status;
      last = `${status.state}, ${status.tilesDone} of ${status.tiles} tiles`;
    } catch (error) {
      last = error;
    }
    await delay(500);
  }
  throw new Error(`job ${id} has not ended after ${limitSeconds} s: ${last}`);
}
