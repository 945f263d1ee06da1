/** The order of waiting jobs: by priority, and the longer a job waits the more it counts, so that none starves. */

import type { JobStatus } from "shared/contract/job_status.ts";

/** Time of waiting that counts as much as one step of priority. */
const AGEING_MS = 10 * 60_000;

/** A waiting job. */
export interface QueuedJob {
  readonly id: string;
  /** From 0 to 9. */
  readonly priority: number;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}

/** What the order takes from the status of a job. */
export function queuedJob({ id, request, created }: JobStatus): QueuedJob {
  return { id, priority: request.priority, createdMs: Date.parse(created) };
}

/**
 * Negative if `one` comes before `other`. All that wait age alike, so the order of two jobs never changes: one of a lower priority comes
 * first if it is older by {@link AGEING_MS} for each step.
 */
export function queueOrder(one: QueuedJob, other: QueuedJob): number {
  const due = ({ createdMs, priority }: QueuedJob) => createdMs - AGEING_MS * priority;
  return due(one) - due(other) || (one.id < other.id ? -1 : 1);
}
