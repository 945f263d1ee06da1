/**
 * Works through the jobs of a store: takes those that wait or whose runner died, a few at a time, keeps its leases, and sees
 * to it that whoever wants to know is told when one has ended.
 */
import type { JobStatus } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { errorToRecord, isClearstackError } from "shared/errors.ts";
import { INTERNAL_DETAIL } from "shared/http/problem.ts";
import type { Log } from "shared/telemetry/log.ts";
import { JOBS } from "shared/telemetry/metrics.ts";
import { continueTrace } from "shared/telemetry/span.ts";
import { type Holder, LeasedJob } from "./leased_job.ts";
import type { JobStore } from "../jobs/job_store.ts";
import { type Candidate, JobWatch } from "./job_watch.ts";
import type { Throughput } from "../plan/throughput.ts";
import { pause } from "shared/process/pause.ts";
import type { JobDeps } from "../run/run_job.ts";
import { runLeasedJob } from "./run_leased_job.ts";
import type { JobEncryption } from "../jobs/encryption.ts";
import type { Webhooks } from "../jobs/webhook.ts";

/** Ended jobs whose events stay in memory for readers that reconnect. */
const KEPT_LOGS = 32;

interface JobWorkerOptions {
  readonly deps: JobDeps;
  readonly store: JobStore;
  readonly seal: JobEncryption;
  readonly webhooks: Webhooks;
  readonly throughput: Throughput;
  readonly holder: Holder;
  readonly maxRunning: number;
  readonly leaseMs: number;
  /** Called when the last job has ended. */
  readonly onIdle: () => Promise<void>;
  readonly log: Log;
}

/** The jobs that this process has queued or works on. */
export class JobWorker {
  readonly #options: JobWorkerOptions;
  readonly #watch: JobWatch;
  /** Queued here, worked on here, or ended here not long ago. */
  readonly #jobs = new Map<string, LeasedJob>();
  /** Those whose lease is kept: until the last that is to be done for them. */
  readonly #kept = new Set<LeasedJob>();
  readonly #claiming = new Set<string>();
  readonly #background = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #running = 0;

  constructor(options: JobWorkerOptions) {
    this.#options = options;
    this.#watch = new JobWatch(options);
  }

  /** Takes up what an earlier life of this runner left, and what nobody works on; then looks again and again. */
  async start(): Promise<void> {
    await this.#look(true);
    const { leaseMs } = this.#options;
    this.#repeat(leaseMs / 4, () => this.#renew());
    this.#repeat(leaseMs / 4, () => this.#look());
  }

  /** The job, if this process has it. */
  get(id: string): LeasedJob | undefined {
    return this.#jobs.get(id);
  }

  /** Jobs that this process has and that have not ended. */
  live(): JobStatus[] {
    return [...this.#jobs.values()].map(({ status }) => status).filter((status) => !hasEnded(status));
  }

  /** Queues a job that was submitted here. */
  add(job: LeasedJob, tag: string): void {
    this.#jobs.set(job.id, job);
    this.#watch.add({ id: job.id, tag, priority: job.status.request.priority });
    this.#startNext();
  }

  /** Ends a job that nobody works on as cancelled; does nothing where somebody does. */
  async cancelQueued(id: string): Promise<void> {
    const found = await this.#options.store.read(id);
    if (!found || found.record.lease) return;
    this.#watch.drop(id);
    await this.#cancel({ id, tag: found.tag, priority: 0 });
  }

  /** Stops what runs and waits for it; the jobs go back to the queue. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const job of this.#jobs.values()) if (!hasEnded(job.status)) job.stop.abort();
    while (this.#background.size > 0) await Promise.all(this.#background);
    for (const job of this.#jobs.values()) {
      await job.release().catch((error) => this.#logAbout(job.id, "it cannot be given back", error));
      job.events.end();
    }
  }

  #startNext(): void {
    while (!this.#closing.signal.aborted && this.#running < this.#options.maxRunning) {
      const candidate = this.#watch.next();
      if (!candidate) return;
      this.#running++;
      JOBS.running.add(1, {});
      this.#inBackground(
        this.#take(candidate).finally(async () => {
          this.#running--;
          JOBS.running.add(-1, {});
          this.#startNext();
          if (this.#running === 0) await this.#options.onIdle();
        }),
      );
    }
  }

  async #take(candidate: Candidate): Promise<void> {
    const job = await this.#claim(candidate, true);
    if (job) await this.#work(job);
  }

  async #cancel(candidate: Candidate): Promise<void> {
    const job = await this.#claim(candidate, false);
    job?.stop.abort();
    if (job) await this.#work(job);
  }

  /** The job, leased to this process; undefined if another one was quicker, or the store does not answer. */
  async #claim({ id, tag }: Candidate, toRun: boolean): Promise<LeasedJob | undefined> {
    const { store, holder } = this.#options;
    if (this.#claiming.has(id)) return undefined;
    this.#claiming.add(id);
    try {
      const own = this.#jobs.get(id);
      const found = own ? undefined : await store.read(id);
      if (!own && found?.tag !== tag) return undefined;
      const job = own ?? new LeasedJob(store, found!);
      if (own?.leased) return undefined;
      if (!await job.claim(holder, toRun && !hasEnded(job.status))) {
        this.#detach(job);
        return undefined;
      }
      this.#jobs.set(id, job);
      this.#kept.add(job);
      if (this.#closing.signal.aborted) job.stop.abort();
      return job;
    } catch (error) {
      this.#logAbout(id, "it cannot be taken", error);
      const own = this.#jobs.get(id);
      if (own) this.#detach(own);
      return undefined;
    } finally {
      this.#claiming.delete(id);
    }
  }

  async #work(job: LeasedJob): Promise<void> {
    if (hasEnded(job.status)) return this.#conclude(job);
    try {
      const save = () => this.#inBackground(this.#save(job));
      await this.#end(job, await runLeasedJob(job, { ...this.#options, save }));
    } catch (error) {
      if (job.lost) return this.#detach(job);
      const cancelled = isClearstackError(error, "cancelled");
      if (cancelled && this.#closing.signal.aborted) return job.settled.resolve();
      const record = errorToRecord(error);
      if (record.kind === "internal") {
        this.#options.log(`job ${job.id}: ${error instanceof Error ? error.stack : error}`);
      }
      const told = record.kind === "internal" ? { ...record, message: INTERNAL_DETAIL } : record;
      await this.#end(job, { state: cancelled ? "cancelled" : "failed", error: told });
    }
  }

  async #end(job: LeasedJob, change: Partial<JobStatus>): Promise<void> {
    job.forgetEta();
    if (job.status.request.webhook) job.setWebhook("pending");
    job.change(change, { type: "status" });
    const saved = await this.#save(job);
    if (job.lost) return this.#detach(job);
    JOBS.ended.add(1, { state: job.status.state });
    const { state, tilesDone: tiles, deviceSeconds } = job.status;
    this.#options.log("the job has ended", { level: "info", job: job.id, state, tiles, deviceSeconds });
    job.events.end();
    job.settled.resolve();
    this.#forgetOldJobs();
    this.#inBackground(this.#conclude(job, saved));
  }

  /** Everything that is left to do for a job that has ended: its status is written, its webhook told, its marks removed. */
  async #conclude(job: LeasedJob, saved = true): Promise<void> {
    const { store, seal, webhooks, log } = this.#options;
    const closing = this.#closing.signal;
    while (!saved && !job.lost && !closing.aborted) {
      await pause(this.#options.leaseMs / 4, closing);
      saved = await this.#save(job);
    }
    if (saved && job.record.webhook === "pending") {
      const { webhook } = await seal.open(job.id, job.record.request);
      const outcome = await webhooks.deliver(webhook!.url, job.status, closing);
      if (outcome === "given-up") log(`job ${job.id}: its webhook does not accept the message that it has ended`);
      if (outcome) job.setWebhook(outcome);
      saved = outcome !== undefined && await this.#save(job);
    }
    this.#kept.delete(job);
    if (saved) {
      await store.release(job.id).catch((error) => this.#logAbout(job.id, "its marks cannot be removed", error));
    }
    job.settled.resolve();
    job.events.end();
  }

  /** True if the newest state is in the store; otherwise it is tried again with the next renewal. */
  async #save(job: LeasedJob): Promise<boolean> {
    try {
      return await job.save();
    } catch (error) {
      this.#logAbout(job.id, "its status cannot be saved", error);
      return false;
    }
  }

  async #renew(): Promise<void> {
    await Promise.all([...this.#kept].map((job) => this.#save(job)));
  }

  async #look(atStart = false): Promise<void> {
    const { store } = this.#options;
    const cancels = await store.cancelIds();
    const waiting = [...this.#jobs.values()].filter((job) => !job.leased && !hasEnded(job.status));
    const live = await this.#watch.look((id) => this.#jobs.has(id), atStart);
    for (const job of waiting) if (!job.leased && !live.has(job.id) && !this.#claiming.has(job.id)) this.#detach(job);
    for (const id of cancels) {
      if (!live.has(id)) await store.release(id);
      else if (this.#jobs.get(id)?.leased) this.#jobs.get(id)!.stop.abort();
      else {
        const candidate = this.#watch.take(id);
        if (candidate) this.#inBackground(this.#cancel(candidate));
      }
    }
    this.#startNext();
  }

  /** Another process has the job: those who follow it here go on by what that one writes. */
  #detach(job: LeasedJob): void {
    this.#kept.delete(job);
    if (this.#jobs.get(job.id) === job) this.#jobs.delete(job.id);
    this.#watch.drop(job.id);
    job.events.end();
    job.settled.resolve();
  }

  #forgetOldJobs(): void {
    const ended = [...this.#jobs.values()].filter(({ status }) => hasEnded(status));
    for (const job of ended.slice(0, -KEPT_LOGS)) this.#jobs.delete(job.id);
  }

  /** Does something again and again until the worker closes. */
  #repeat(milliseconds: number, what: () => Promise<void>): void {
    const { signal } = this.#closing;
    const loop = async () => {
      let told = "";
      for (;;) {
        await pause(milliseconds, signal);
        if (signal.aborted) return;
        const problem = await what().then(() => "", (error) => errorToRecord(error).message);
        if (problem !== "" && problem !== told) this.#options.log(`jobs cannot be looked after: ${problem}`);
        told = problem;
      }
    };
    // What starts a loop is no part of what it does later.
    this.#inBackground(continueTrace(undefined, loop));
  }

  #inBackground(work: Promise<unknown>): void {
    const done = work.catch((error) =>
      this.#options.log(`internal error: ${error instanceof Error ? error.stack : error}`)
    )
      .finally(() => this.#background.delete(done));
    this.#background.add(done);
  }

  #logAbout(id: string, what: string, error: unknown): void {
    this.#options.log(`job ${id}: ${what}: ${errorToRecord(error).message}`);
  }
}
