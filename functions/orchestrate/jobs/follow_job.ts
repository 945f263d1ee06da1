/** The events of a job, wherever it runs. */
import type { JobEvent, JobStatus } from "shared/contract/job_status.ts";
import { onAbort } from "shared/process/on_abort.ts";
import { type EventsOptions, hasEnded } from "shared/engine/job_runner.ts";
import type { DrivenJob } from "../drive/driven_job.ts";
import { pause } from "shared/process/pause.ts";

interface FollowOptions extends EventsOptions {
  /** The job, if this process has it. */
  readonly held: () => DrivenJob | undefined;
  /** Its status in the store; undefined if it is gone. */
  readonly stored: () => Promise<JobStatus | undefined>;
  /** Between two looks at the store. */
  readonly pollMs: number;
  /** Fires when this process shuts down. */
  readonly closing: AbortSignal;
}

/**
 * Events after the one with sequence number `after`, up to the one with which the job ends. Of a job of this process they are
 * exact; of another's they are what it has written down, each with the whole status. A number that was not reached yet comes
 * from before a restart, and is taken as none.
 */
export async function* followJob(options: FollowOptions): AsyncGenerator<JobEvent> {
  const stop = new AbortController();
  using _caller = onAbort(options.signal, () => stop.abort());
  using _closing = onAbort(options.closing, () => stop.abort());
  yield* follow(options, stop.signal);
}

async function* follow(options: FollowOptions, signal: AbortSignal): AsyncGenerator<JobEvent> {
  const { held, stored, pollMs } = options;
  let seen: number | undefined = options.after;
  let ended = false;
  while (!ended && !signal.aborted) {
    const job = held();
    if (job) {
      for await (const event of heldEvents(job, { after: seen, signal, pollMs })) {
        seen = event.sequence;
        ended = hasEnded(event.status);
        yield event;
      }
      ended ||= hasEnded(job.status);
      if (ended || job.driven) continue;
    }
    const status = await stored();
    if (!status) return;
    ended = hasEnded(status);
    if (seen === undefined || status.sequence !== seen) {
      seen = status.sequence;
      yield { sequence: status.sequence, type: "status", status };
    }
    if (!held() && !ended) await pause(pollMs, signal);
  }
}

/** Its log; for as long as a poll takes only while the job waits, since another process may take it. */
async function* heldEvents(
  job: DrivenJob,
  { after, signal, pollMs }: {
    readonly after: number | undefined;
    readonly signal: AbortSignal;
    readonly pollMs: number;
  },
): AsyncGenerator<JobEvent> {
  const position = after === undefined ? {} : { after };
  if (job.driven || hasEnded(job.status)) return yield* job.events.read({ ...position, signal });
  const look = new AbortController();
  const timer = setTimeout(() => look.abort(), pollMs);
  try {
    yield* job.events.read({ ...position, signal: AbortSignal.any([signal, look.signal]) });
  } finally {
    clearTimeout(timer);
  }
}
