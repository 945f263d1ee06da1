/** The drive of one job by one process. */
import { ClearstackError } from "shared/errors.ts";

/** A job that is being driven: in the queue, at work, or at what is left to do when it has ended. */
export interface Drive {
  /** Settles when nothing is left to do. */
  readonly done: PromiseWithResolvers<void>;
  /** Fires when the job is to be cancelled. */
  readonly cancel: AbortController;
  /** Fires when another process is to drive the job. */
  readonly leave: AbortController;
}

export function newDrive(): Drive {
  const done = Promise.withResolvers<void>();
  // Nobody may be waiting when it fails.
  done.promise.catch(() => {});
  return { done, cancel: new AbortController(), leave: new AbortController() };
}

/** The error of a drive that ended before its job. */
export function left(): ClearstackError {
  return new ClearstackError("no-device", "this process no longer drives the job: another one goes on with it");
}
