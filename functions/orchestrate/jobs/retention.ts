/** Forgets jobs that ended long ago. Outputs are never touched. */
import { hasEnded } from "shared/engine/job_runner.ts";
import type { JobStore } from "./job_store.ts";
import type { SubmissionKeys } from "./submission_keys.ts";

/**
 * Removes the records of jobs that ended before a time.
 *
 * @param before milliseconds since 1970
 * @returns how many were removed
 */
export async function removeExpired(store: JobStore, keys: SubmissionKeys, before: number): Promise<number> {
  let removed = 0;
  for await (const id of store.ids({ before })) {
    const record = (await store.legible(id))?.record;
    if (!record || !hasEnded(record.status) || Date.parse(record.status.updated) >= before) continue;
    if (record.webhook === "pending") continue;
    if (record.submission !== undefined) await keys.release(record.submission);
    await store.remove(record);
    removed++;
  }
  return removed;
}
