/** The service that the page came from: its jobs and plans, asked for with the key of the caller where there is one. */
import { type Signal, signal } from "@preact/signals";
import { z } from "zod";
import { type JobList, JobListSchema } from "shared/contract/job_list.ts";
import type { JobRequestInput } from "shared/contract/job_request.ts";
import { type JobEvent, type JobStatus, JobStatusSchema } from "shared/contract/job_status.ts";
import type { Location } from "shared/contract/location.ts";
import { type Plan, PlanSchema } from "shared/contract/plan.ts";
import { ProblemSchema } from "shared/contract/problem.ts";
import { type ShownImage, ShownImageSchema } from "shared/contract/views/shown_image.ts";
import { type View, ViewListSchema, ViewSchema } from "shared/contract/views/view.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { CallError, noAnswer } from "./call_error.ts";

const StartedSchema = z.union([JobStatusSchema, JobListSchema]);

/** Name under which the key is kept. */
const KEY = "clearstack-key";

interface CallOptions {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Restrictions of a list of jobs; empty texts do not restrict. */
export type JobQueryFields = Readonly<
  Record<"state" | "output" | "owner" | "createdAfter" | "createdBefore" | "cursor", string>
>;

/** Jobs in one answer. */
const PAGE_LENGTH = 50;

/** Calls of the service; every one rejects with a {@link CallError}. */
export class Service {
  /** Sent with every call, unless it is empty. Kept for this tab alone, until it is closed. */
  readonly key: Signal<string>;
  /** True once a call was refused for lack of a key. */
  readonly asksForKey = signal(false);
  /** True while the service does not answer. */
  readonly isAway = signal(false);

  constructor() {
    this.key = signal(sessionStorage.getItem(KEY) ?? "");
  }

  /** Takes a key for all calls that follow; an empty one forgets it. */
  useKey(key: string): void {
    this.key.value = key;
    this.asksForKey.value = false;
    if (key === "") sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, key);
  }

  /** Describes an image and makes an address of it. */
  show(body: Location, signal?: AbortSignal): Promise<ShownImage> {
    return this.#json(ShownImageSchema, "v1/images", { method: "POST", body, signal });
  }

  plan(body: JobRequestInput, signal: AbortSignal): Promise<Plan> {
    return this.#json(PlanSchema, "v1/plans", { method: "POST", body, signal });
  }

  /**
   * Starts a job, or one for each image of a source of several.
   *
   * @param idempotencyKey the same for as long as the same is meant
   */
  async submit(body: JobRequestInput, idempotencyKey: string): Promise<JobStatus[]> {
    const headers = { "idempotency-key": idempotencyKey };
    const started = await this.#json(StartedSchema, "v1/jobs", { method: "POST", body, headers });
    return "jobs" in started ? started.jobs : [started];
  }

  jobs(fields: JobQueryFields, signal: AbortSignal): Promise<JobList> {
    const given = Object.entries(fields).filter(([, value]) => value !== "");
    const query = new URLSearchParams({ limit: String(PAGE_LENGTH), ...Object.fromEntries(given) });
    return this.#json(JobListSchema, `v1/jobs?${query}`, { signal });
  }

  job(id: string, signal: AbortSignal): Promise<JobStatus> {
    return this.#json(JobStatusSchema, jobPath(id), { signal });
  }

  cancel(id: string): Promise<JobStatus> {
    return this.#json(JobStatusSchema, jobPath(id), { method: "DELETE" });
  }

  /** Events of a job after a sequence number, until the stream ends. */
  async *events(id: string, after: number | undefined, signal: AbortSignal): AsyncGenerator<JobEvent> {
    const headers: Record<string, string> = after === undefined ? {} : { "last-event-id": String(after) };
    const response = await this.#call(`${jobPath(id)}/events`, { headers, signal });
    if (response.body !== null) yield* readEvents(response.body);
  }

  /** A view of what a job has made so far: the one that there is, or a new one. */
  async viewOfJob(job: string): Promise<View> {
    const { views } = await this.#json(ViewListSchema, "v1/views", {});
    return views.find((view) => view.job === job) ??
      await this.#json(ViewSchema, "v1/views", { method: "POST", body: { job } });
  }

  async #json<T extends z.ZodType>(schema: T, path: string, options: CallOptions): Promise<z.output<T>> {
    const response = await this.#call(path, options);
    const answer: unknown = await response.json().catch((cause) => {
      if (options.signal?.aborted) throw cause;
      this.isAway.value = true;
      throw noAnswer();
    });
    // An answer that takes long has its status sent before it is known.
    const problem = ProblemSchema.safeParse(answer).data;
    if (problem !== undefined) throw new CallError(problem);
    return schema.parse(answer);
  }

  async #call(path: string, { method = "GET", body, headers = {}, signal }: CallOptions): Promise<Response> {
    const key = this.key.value;
    const response = await fetch(path, {
      method,
      headers: {
        ...headers,
        ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ?? null,
    }).catch((cause) => {
      if (signal?.aborted) throw cause;
      this.isAway.value = true;
      throw noAnswer();
    });
    this.isAway.value = false;
    if (response.ok) return response;
    const problem = ProblemSchema.safeParse(await response.json().catch(() => undefined)).data ??
      { status: response.status, detail: `The service answered with status ${response.status}.` };
    if (response.status === 401) this.asksForKey.value = true;
    throw new CallError(problem, response.headers.get("retry-after"));
  }
}

function jobPath(id: string): string {
  return `v1/jobs/${encodeURIComponent(id)}`;
}
