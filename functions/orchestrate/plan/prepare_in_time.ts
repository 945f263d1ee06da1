/** Planning on behalf of somebody who waits: within a deadline, and no longer than they wait. */
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { type PlanningDeps, type PreparedJob, prepareJob } from "./prepare_job.ts";

/** Longer than any caller over HTTP waits; a source that is slower is planned by nobody. */
const PLANNING_MS = 300_000;

/** Options of {@link prepareInTime}. */
interface PrepareInTimeOptions extends RequestOptions {
  /** @default {300000} */
  readonly planningMs?: number | undefined;
}

/**
 * Plans as {@link prepareJob} does.
 *
 * @throws {ClearstackError} `over-budget` if that takes too long; `cancelled`; what is wrong with the request
 */
export async function prepareInTime(
  request: JobRequest,
  deps: PlanningDeps,
  { signal, planningMs = PLANNING_MS }: PrepareInTimeOptions = {},
): Promise<PreparedJob> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), planningMs);
  try {
    return await prepareJob(request, deps, AbortSignal.any([late.signal, ...(signal ? [signal] : [])]));
  } catch (error) {
    if (!late.signal.aborted) throw error;
    const seconds = planningMs / 1000;
    throw new ClearstackError(
      "over-budget",
      `planning took more than ${seconds} s: source or PSF answer too slowly; copy them to a faster store`,
      { limit: seconds, cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}
