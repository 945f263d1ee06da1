/** Submits several jobs, none of which waits for the output of another. */
import type { JobRequest } from "shared/contract/job_request.ts";
import { type ClearstackError, isClearstackError } from "shared/errors.ts";
import { mapLimited } from "shared/process/map_limited.ts";

/**
 * As {@link mapLimited}, but where another job writes to the place of one, the others are submitted all the same.
 *
 * @throws {ClearstackError} `in-use` once all have been tried
 */
export async function mapPastBusy<Result>(
  requests: readonly JobRequest[],
  concurrency: number,
  submit: (request: JobRequest) => Promise<Result>,
): Promise<Result[]> {
  let busy: ClearstackError | undefined;
  const results = await mapLimited(requests, concurrency, async (one) => {
    try {
      return [await submit(one)];
    } catch (error) {
      if (!isClearstackError(error, "in-use")) throw error;
      busy ??= error;
      return [];
    }
  });
  if (busy !== undefined) throw busy;
  return results.flat();
}
