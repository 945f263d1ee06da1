/**
 * The bond between the HTTP endpoint and what runs jobs: in this process, or behind the URL of the `orchestrate` function.
 */
import type { JobList, JobQuery } from "shared/contract/job_list.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobEvent, JobStatus } from "shared/contract/job_status.ts";
import type { Location } from "shared/contract/location.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { TileMap } from "shared/contract/views/tile_map.ts";
import type { Quotas } from "shared/contract/quotas.ts";
import type { RequestOptions } from "shared/storage/store.ts";

/** Accepts jobs, runs them, and tells where they stand. Every method rejects with a ClearstackError. */
export interface JobRunner {
  /** Plans without running; `signal` ends it. */
  plan(request: JobRequest, options?: RequestOptions): Promise<Plan>;
  /**
   * Paths of all images of a source, as its location names them; one empty path for a source that is an image by itself.
   *
   * @throws {ClearstackError} `not-found`; `unsupported` for too many
   */
  images(source: Location, options?: RequestOptions): Promise<string[]>;
  /**
   * Accepts a job once it has been planned, so that bad input is refused here; returns without waiting for it to run.
   *
   * @throws {ClearstackError} what is wrong with the request; `over-quota`; `conflict` for an idempotency key that came with
   * another request
   */
  submit(request: JobRequest, options?: SubmitOptions): Promise<JobStatus>;
  /** @throws {ClearstackError} `not-found` */
  get(id: string): Promise<JobStatus>;
  /** Jobs, newest first, page by page. */
  list(query: JobQuery): Promise<JobList>;
  /**
   * Cancels a queued or running job and waits until nothing of it runs any more; changes nothing of one that has ended.
   *
   * @throws {ClearstackError} `not-found`
   */
  cancel(id: string): Promise<JobStatus>;
  /**
   * Events of a job, live, up to and including the one with which it ends. Ending the iteration frees everything.
   *
   * @throws {ClearstackError} `not-found`
   */
  events(id: string, options?: EventsOptions): Promise<AsyncIterable<JobEvent>>;
  /**
   * Tiles that are done, by their records, and those under way.
   *
   * @throws {ClearstackError} `not-found`, also where a job has written nothing yet; what reading its output throws
   */
  tiles(id: string, options?: RequestOptions): Promise<TileMap>;
  /** Resolves if jobs can be accepted. */
  ready(): Promise<void>;
}

/** Circumstances of a job besides its request; `signal` ends its planning. */
export interface SubmitOptions extends RequestOptions {
  /** Submitter of the job. */
  readonly owner?: string;
  /** True for an administrator, who may replace outputs of other owners. @default {false} */
  readonly admin?: boolean;
  /** The same key of the same owner means the same job, however often and wherever it is submitted. */
  readonly idempotencyKey?: string;
  /**
   * True where nobody waits for the answer: a request that is refused becomes a failed job, and its key is free again. What may
   * succeed later is thrown all the same.
   */
  readonly keepFailure?: boolean;
  /** Limits of the job, which the very plan that is to run is held to before anything is written. @default {none} */
  readonly quotas?: Quotas;
}

/** Position in the events of a job from which to go on. */
export interface EventsOptions {
  /** Sequence number of the last event that was seen. */
  readonly after?: number;
  readonly signal?: AbortSignal;
}

/** True for a state that no job leaves. */
export function hasEnded(status: JobStatus): boolean {
  return status.state === "done" || status.state === "failed" || status.state === "cancelled";
}
