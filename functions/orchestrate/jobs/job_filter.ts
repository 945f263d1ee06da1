/** Matches jobs against a query. */
import type { JobQuery } from "shared/contract/job_list.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { urlLiesIn } from "shared/storage/url.ts";

/** True for a job that fits all that the query says. */
export function matches(status: JobStatus, wanted: Omit<JobQuery, "limit" | "cursor">): boolean {
  const { state, owner, createdAfter, createdBefore, output } = wanted;
  if (state !== undefined && status.state !== state) return false;
  if (owner !== undefined && status.owner !== owner) return false;
  const created = Date.parse(status.created);
  if (createdAfter !== undefined && created <= Date.parse(createdAfter)) return false;
  if (createdBefore !== undefined && created >= Date.parse(createdBefore)) return false;
  return output === undefined || urlLiesIn(status.request.output.url, output);
}
