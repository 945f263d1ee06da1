/** Follows one job by its events, and connects again where they break off. */
import { type Signal, signal } from "@preact/signals";
import type { JobStatus } from "shared/contract/job_status.ts";
import { asCallError, type CallError } from "../service/call_error.ts";
import type { Service } from "../service/service.ts";
import { isLive } from "./job_list.ts";

/** Pause before the events are asked for again, milliseconds. */
const PAUSE = 2000;

/** A job that is looked at. */
interface FollowedJob {
  readonly status: Signal<JobStatus | undefined>;
  /** Why there is no news. */
  readonly failure: Signal<CallError | undefined>;
  /** What was told last beside the status, such as that a tile is tried again. */
  readonly message: Signal<string>;
  stop(): void;
}

/** Starts following. */
export function followJob(id: string, service: Service): FollowedJob {
  const stop = new AbortController();
  const job: FollowedJob = {
    status: signal<JobStatus | undefined>(undefined),
    failure: signal<CallError | undefined>(undefined),
    message: signal(""),
    stop: () => stop.abort(),
  };
  void follow(id, job, service, stop.signal);
  return job;
}

async function follow(id: string, job: FollowedJob, service: Service, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      job.status.value = await service.job(id, signal);
      job.failure.value = undefined;
      for await (const { status, message = "" } of service.events(id, job.status.value.sequence, signal)) {
        job.status.value = status;
        job.message.value = message;
      }
      // A stream ends with its job, or with the process that sent it.
      if (!isLive(job.status.value)) return;
    } catch (thrown) {
      if (signal.aborted) return;
      const error = asCallError(thrown);
      job.failure.value = error;
      if (error.status === 404 || error.status === 401 || error.status === 403) return;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
