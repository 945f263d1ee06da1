/** Runs jobs in this process, a few at a time, the others in a queue; statuses are kept in a store. */
import type { JobList, JobQuery } from "shared/contract/job_list.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobEvent, JobStatus } from "shared/contract/job_status.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { EventsOptions, JobRunner, SubmitOptions } from "shared/engine/job_runner.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { ClearstackError, errorToRecord, isClearstackError } from "shared/errors.ts";
import { INTERNAL_DETAIL } from "shared/http/problem.ts";
import { redactedRequest } from "shared/image/provenance.ts";
import type { Store } from "shared/storage/store.ts";
import { redactUrl, urlsOverlap } from "shared/storage/url.ts";
import { matches } from "./job_filter.ts";
import { EventLog } from "./event_log.ts";
import { JobStore, newJobId } from "./job_store.ts";
import { prepareJob } from "./prepare_job.ts";
import type { BegunJob, JobProgress } from "./job_run.ts";
import type { JobDeps } from "./run_job.ts";
import { beginJob, completeJob } from "./run_job.ts";

/** Ended jobs whose events stay in memory for readers that reconnect. */
const KEPT_LOGS = 32;

/** While tiles finish, the status is written at most this often: it only matters to those who ask after a restart. */
const SAVE_INTERVAL_MILLISECONDS = 2000;

/** Settings of {@link LocalJobRunner}. */
export interface LocalJobRunnerOptions {
  readonly deps: JobDeps;
  /** Where statuses are kept; one process per store. */
  readonly store: Store;
  /** Jobs that run at the same time; each has the whole memory budget in its plan. @default {1} */
  readonly maxRunning?: number;
  /** Called when the last job has ended, to free what is only held for the next one. */
  readonly onIdle?: () => Promise<void>;
  /** Called with what no caller is told. */
  readonly log?: (line: string) => void;
}

interface Job {
  status: JobStatus;
  /** Undefined for a job of an earlier process until it runs. */
  readonly begun: BegunJob | undefined;
  readonly events: EventLog;
  readonly stop: AbortController;
  readonly settled: PromiseWithResolvers<void>;
  lastSaved: number;
}

/** The runner of one process. */
export class LocalJobRunner implements JobRunner {
  readonly #deps: JobDeps;
  readonly #statuses: JobStore;
  readonly #maxRunning: number;
  readonly #onIdle: () => Promise<void>;
  readonly #log: (line: string) => void;
  readonly #jobs = new Map<string, Job>();
  readonly #queue: Job[] = [];
  /** Requests that are being planned and have no job yet. */
  readonly #beginning = new Set<JobRequest>();
  #running = 0;
  #closed = false;

  private constructor(options: LocalJobRunnerOptions) {
    this.#deps = options.deps;
    this.#statuses = new JobStore(options.store);
    this.#maxRunning = options.maxRunning ?? 1;
    this.#onIdle = options.onIdle ?? (() => Promise.resolve());
    this.#log = options.log ?? console.error;
  }

  /** Starts a runner and queues again the jobs that an earlier process left unfinished. */
  static async start(options: LocalJobRunnerOptions): Promise<LocalJobRunner> {
    const runner = new LocalJobRunner(options);
    await runner.#recover();
    return runner;
  }

  async plan(request: JobRequest): Promise<Plan> {
    return (await prepareJob(request, this.#deps)).plan;
  }

  async submit(request: JobRequest, { owner }: SubmitOptions = {}): Promise<JobStatus> {
    this.#refuseIfClosed();
    this.#refuseTakenOutput(request);
    this.#beginning.add(request);
    const begun = await beginJob(request, this.#deps).finally(() => this.#beginning.delete(request));
    const { planHash, tiles } = begun.plan;
    const tilesResumed = begun.output.tilesDone.size;
    const created = new Date();
    const stamp = created.toISOString();
    const job = this.#enter({
      ...{ id: newJobId(created), state: "queued", created: stamp, updated: stamp },
      ...(owner === undefined ? {} : { owner }),
      ...{ sequence: 0, deviceSeconds: 0, request, planHash, tiles, tilesDone: tilesResumed, tilesResumed },
    }, begun);
    try {
      this.#refuseIfClosed();
      await this.#statuses.save(job.status);
    } catch (error) {
      this.#jobs.delete(job.status.id);
      await begun.output.discard().catch(() => {});
      throw error;
    }
    this.#enqueue(job);
    return publicStatus(job.status);
  }

  async get(id: string): Promise<JobStatus> {
    return publicStatus(await this.#find(id));
  }

  async list({ limit, cursor, ...wanted }: JobQuery): Promise<JobList> {
    const ids = (await this.#statuses.ids()).filter((id) => cursor === undefined || id < cursor);
    const jobs: JobStatus[] = [];
    for (const id of ids) {
      const status = await this.get(id);
      if (matches(status, wanted)) jobs.push(status);
      if (jobs.length === limit) return { jobs, ...(id === ids.at(-1) ? {} : { next: id }) };
    }
    return { jobs };
  }

  async cancel(id: string): Promise<JobStatus> {
    const status = await this.#find(id);
    const job = this.#jobs.get(id);
    if (hasEnded(status) || !job) return publicStatus(status);
    job.stop.abort();
    const waiting = this.#queue.indexOf(job);
    if (waiting >= 0) {
      this.#queue.splice(waiting, 1);
      await this.#complete(job);
    }
    await job.settled.promise;
    return publicStatus(job.status);
  }

  async events(id: string, options: EventsOptions = {}): Promise<AsyncIterable<JobEvent>> {
    const status = await this.#find(id);
    const job = this.#jobs.get(id);
    if (job) return job.events.read(options);
    const log = new EventLog();
    log.append({ type: "status", status: publicStatus(status) });
    log.end();
    return log.read();
  }

  async ready(): Promise<void> {
    this.#refuseIfClosed();
    await this.#statuses.ids();
  }

  /** Stops what runs and waits for it. The jobs stay unfinished in the store: the next runner goes on with them. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#queue.length = 0;
    for (const job of this.#jobs.values()) job.stop.abort();
    const running = [...this.#jobs.values()].filter(({ status }) => status.state === "running");
    await Promise.all(running.map(({ settled }) => settled.promise));
    for (const { events } of this.#jobs.values()) events.end();
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw new ClearstackError("no-device", "the service is shutting down: try again later");
  }

  /** Two jobs that write to one place would destroy each other's work. */
  #refuseTakenOutput({ output }: JobRequest): void {
    const live = [...this.#jobs.values()].filter(({ status }) => !hasEnded(status)).map(({ status }) => status.request);
    for (const other of [...live, ...this.#beginning]) {
      if (!urlsOverlap(other.output.url, output.url)) continue;
      throw new ClearstackError(
        "conflict",
        `another job is writing to ${redactUrl(other.output.url)}: wait or cancel it`,
      );
    }
  }

  async #find(id: string): Promise<JobStatus> {
    const status = this.#jobs.get(id)?.status ?? await this.#statuses.get(id);
    if (!status) throw new ClearstackError("not-found", `there is no job ${id}`);
    return status;
  }

  async #recover(): Promise<void> {
    for (const id of (await this.#statuses.ids()).reverse()) {
      const status = await this.#statuses.get(id).catch((error) => this.#log(errorToRecord(error).message));
      if (!status || hasEnded(status)) continue;
      // What had begun goes on where it stopped, even if it was asked to overwrite: that is done.
      const output = {
        ...status.request.output,
        ...(status.state === "running" ? { ifExists: "resume" } as const : {}),
      };
      const job = this.#enter({ ...status, state: "queued", request: { ...status.request, output } });
      this.#enqueue(job);
    }
  }

  #enter(status: JobStatus, begun?: BegunJob): Job {
    const job: Job = {
      status,
      begun,
      events: new EventLog(),
      stop: new AbortController(),
      settled: Promise.withResolvers(),
      lastSaved: 0,
    };
    this.#jobs.set(status.id, job);
    return job;
  }

  #enqueue(job: Job): void {
    const sequence = job.events.append({ type: "status", status: publicStatus(job.status) });
    job.status = { ...job.status, sequence };
    this.#queue.push(job);
    this.#startNext();
  }

  #startNext(): void {
    while (!this.#closed && this.#running < this.#maxRunning) {
      const job = this.#queue.shift();
      if (!job) return;
      this.#running++;
      this.#run(job).finally(async () => {
        this.#running--;
        this.#startNext();
        if (this.#running === 0) await this.#onIdle();
      });
    }
  }

  async #run(job: Job): Promise<void> {
    await this.#change(job, { state: "running" }, { type: "status" });
    await this.#complete(job);
  }

  async #complete(job: Job): Promise<void> {
    const { signal } = job.stop;
    try {
      const begun = job.begun ?? await beginJob(job.status.request, this.#deps, signal);
      const result = await completeJob(begun, this.#deps.engine, {
        signal,
        onProgress: (progress) => this.#progress(job, progress),
      });
      await this.#end(job, { state: "done", result });
    } catch (error) {
      const record = errorToRecord(error);
      if (record.kind === "internal") {
        this.#log(`job ${job.status.id}: ${error instanceof Error ? error.stack : error}`);
      }
      const told = record.kind === "internal" ? { ...record, message: INTERNAL_DETAIL } : record;
      const state = isClearstackError(error, "cancelled") ? "cancelled" : "failed";
      if (state === "cancelled" && this.#closed) return job.settled.resolve();
      await this.#end(job, { state, error: told });
    }
  }

  #progress(job: Job, { type, tile, message, ...counts }: JobProgress): void {
    const due = Date.now() - job.lastSaved > SAVE_INTERVAL_MILLISECONDS;
    if (due) job.lastSaved = Date.now();
    this.#change(job, counts, { type, ...(tile ? { tile } : {}), ...(message ? { message } : {}) }, due);
  }

  async #end(job: Job, change: Partial<JobStatus>): Promise<void> {
    const { etaSeconds: _, ...status } = job.status;
    job.status = status;
    await this.#change(job, change, { type: "status" });
    job.events.end();
    job.settled.resolve();
    this.#forgetOldJobs();
  }

  /** Changes a status, tells the readers, and writes it down; a status that cannot be written does not stop the job. */
  async #change(job: Job, change: Partial<JobStatus>, event: Omit<JobEvent, "sequence" | "status">, save = true) {
    job.status = { ...job.status, ...change, updated: new Date().toISOString() };
    job.status = { ...job.status, sequence: job.events.append({ ...event, status: publicStatus(job.status) }) };
    if (!save) return;
    await this.#statuses.save(job.status).catch((error) =>
      this.#log(`job ${job.status.id}: its status cannot be saved: ${errorToRecord(error).message}`)
    );
  }

  #forgetOldJobs(): void {
    const ended = [...this.#jobs.values()].filter(({ status }) => hasEnded(status));
    for (const { status } of ended.slice(0, -KEPT_LOGS)) this.#jobs.delete(status.id);
  }
}

/** A status as it is told: URLs without passwords and signatures. */
function publicStatus(status: JobStatus): JobStatus {
  return { ...status, request: redactedRequest(status.request) };
}
