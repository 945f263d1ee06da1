/**
 * Drives jobs in this process, a few at a time, the others in a queue, and sees to it that whoever wants to know is told when
 * one has ended. That no other process drives the same job is for others to see to, see `Dispatcher`.
 */
import type { JobStatus } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { errorToRecord, isClearstackError } from "shared/errors.ts";
import { INTERNAL_DETAIL } from "shared/http/problem.ts";
import { onAbort } from "shared/process/on_abort.ts";
import { pause } from "shared/process/pause.ts";
import type { Log } from "shared/telemetry/log.ts";
import { countEnded, JOBS, showJobEnds } from "shared/telemetry/metrics.ts";
import type { JobEncryption } from "../jobs/encryption.ts";
import type { JobStore } from "../jobs/job_store.ts";
import type { Webhooks } from "../jobs/webhook.ts";
import type { Throughput } from "../plan/throughput.ts";
import type { JobDeps } from "../run/run_job.ts";
import { type Drive, left, newDrive } from "./drive.ts";
import { DrivenJob } from "./driven_job.ts";
import { JobQueue } from "./job_queue.ts";
import { type QueuedJob, queuedJob } from "./queue_order.ts";
import { runDrivenJob } from "./run_driven_job.ts";

/** Ended jobs whose events stay in memory for readers that reconnect. */
const KEPT_LOGS = 32;

/** Jobs that were submitted here and whose plans are kept until somebody drives them, who may be another process. */
const KEPT_PLANS = 64;

/** Pause before the end of a job is written again. */
const SAVE_PAUSE_MS = 2500;

interface JobWorkerOptions {
  readonly deps: JobDeps;
  readonly store: JobStore;
  readonly seal: JobEncryption;
  readonly webhooks: Webhooks;
  readonly throughput: Throughput;
  readonly maxRunning: number;
  /** Stores of a job that are away are waited for so long, milliseconds. */
  readonly awayMs: number;
  /** Called when the last job has ended. */
  readonly onIdle: () => Promise<void>;
  readonly log: Log;
}

/** The jobs that this process drives. */
export class JobWorker {
  readonly #options: JobWorkerOptions;
  readonly #queue = new JobQueue();
  readonly #drives = new Map<string, Drive>();
  /** Driven here, or ended here not long ago. */
  readonly #jobs = new Map<string, DrivenJob>();
  readonly #prepared = new Map<string, DrivenJob>();
  /** Places in the queue of jobs whose records have been read before they are driven. */
  readonly #expected = new Map<string, QueuedJob>();
  readonly #background = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #running = 0;

  constructor(options: JobWorkerOptions) {
    this.#options = options;
    showJobEnds();
  }

  /** The job, if it was submitted here, or if this process drives it or did not long ago. */
  get(id: string): DrivenJob | undefined {
    return this.#jobs.get(id) ?? this.#prepared.get(id);
  }

  /** True from {@link drive} on until nothing is left to do for the job. */
  isDriving(id: string): boolean {
    return this.#drives.has(id);
  }

  /** Keeps what submitting a job has prepared, for as long as it may be of use. */
  prepared(job: DrivenJob): void {
    this.#prepared.set(job.id, job);
    const [oldest] = this.#prepared.keys();
    if (this.#prepared.size > KEPT_PLANS) this.#prepared.delete(oldest!);
  }

  /** Spares the records of jobs that are about to be driven another reading. */
  expect(jobs: readonly QueuedJob[]): void {
    this.#expected.clear();
    for (const job of jobs) this.#expected.set(job.id, job);
  }

  /**
   * Drives a job until nothing is left to do for it. Calls for one job share one drive.
   *
   * @param signal ends the drive at once: another process is to drive the job
   * @throws {ClearstackError} `no-device` if it does not end because this process closes, or `signal` fired; what the store throws
   */
  async drive(id: string, signal?: AbortSignal): Promise<void> {
    const drive = this.#drives.get(id) ?? await this.#enqueue(id);
    using _ = onAbort(signal, () => this.#leave(id, drive));
    await drive.done.promise;
  }

  /** Cancels a job that this process drives; settles when nothing of it runs any more. */
  async cancel(id: string): Promise<void> {
    const drive = this.#drives.get(id);
    if (!drive) return;
    drive.cancel.abort();
    // One that waits for its turn need not wait to be cancelled.
    if (this.#queue.drop(id)) this.#begin(id, drive);
    await drive.done.promise.catch(() => {});
  }

  /** Stops what runs and waits for it: another process drives the jobs now. */
  async leaveAll(): Promise<void> {
    for (const [id, drive] of this.#drives) this.#leave(id, drive);
    await Promise.allSettled([...this.#drives.values()].map(({ done }) => done.promise));
  }

  /** Stops what runs and waits for it; the jobs go back to the queue. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const [id, drive] of this.#drives) this.#giveUpWaiting(id, drive);
    for (const job of this.#jobs.values()) if (!hasEnded(job.status)) job.stop.abort();
    while (this.#background.size > 0) await Promise.all(this.#background);
    for (const job of this.#jobs.values()) job.events.end();
  }

  #leave(id: string, drive: Drive): void {
    drive.leave.abort();
    this.#giveUpWaiting(id, drive);
  }

  /** Ends a drive that still waits for its turn. */
  #giveUpWaiting(id: string, { done }: Drive): void {
    if (this.#queue.drop(id)) done.reject(left());
  }

  async #enqueue(id: string): Promise<Drive> {
    if (this.#closing.signal.aborted) throw left();
    const drive = newDrive();
    drive.done.promise.finally(() => this.#drives.delete(id)).catch(() => {});
    this.#drives.set(id, drive);
    try {
      const job = this.#expected.get(id) ?? await this.#place(id);
      this.#expected.delete(id);
      if (job === undefined) drive.done.resolve();
      else {
        this.#queue.add(job);
        this.#startNext();
      }
    } catch (error) {
      drive.done.reject(error);
    }
    return drive;
  }

  /** Place of a job in the queue; undefined if there is no such job. */
  async #place(id: string): Promise<QueuedJob | undefined> {
    const status = this.#prepared.get(id)?.status ?? await this.#options.store.status(id);
    return status && queuedJob(status);
  }

  #startNext(): void {
    while (!this.#closing.signal.aborted && this.#running < this.#options.maxRunning) {
      const id = this.#queue.next();
      if (id === undefined) return;
      this.#running++;
      JOBS.running.add(1, {});
      this.#inBackground(
        this.#begin(id, this.#drives.get(id)!).finally(async () => {
          this.#running--;
          JOBS.running.add(-1, {});
          this.#startNext();
          if (this.#running === 0) await this.#options.onIdle();
        }),
      );
    }
  }

  /** Settles when the job has ended; what is left to do then goes on. */
  async #begin(id: string, drive: Drive): Promise<void> {
    try {
      const job = await this.#claim(id, drive);
      if (!job) return drive.done.resolve();
      // For as long as the drive lasts, which is longer than this call.
      onAbort(drive.leave.signal, () => job.abandon());
      onAbort(drive.cancel.signal, () => job.stop.abort());
      if (this.#closing.signal.aborted) job.stop.abort();
      const ended = hasEnded(job.status) || await this.#work(job);
      this.#inBackground(
        this.#conclude(job, ended).then(() => drive.done.resolve(), (error) => drive.done.reject(error)),
      );
    } catch (error) {
      drive.done.reject(error);
    }
  }

  /** The job, marked as driven by this process; undefined if it is gone, or nothing is left to do for it. */
  async #claim(id: string, { cancel }: Drive): Promise<DrivenJob | undefined> {
    const { store } = this.#options;
    // Kept until it is claimed, so that its readers lose it at no moment.
    using _ = { [Symbol.dispose]: () => void this.#prepared.delete(id) };
    for (let job = this.#prepared.get(id);; job = undefined) {
      if (!job) {
        const found = await store.read(id);
        if (!found) return undefined;
        job = new DrivenJob(store, found);
      }
      if (hasEnded(job.status) && job.record.webhook !== "pending") {
        await store.release(id);
        return undefined;
      }
      const toRun = !hasEnded(job.status) && !cancel.signal.aborted;
      if (!await job.claim(toRun)) continue;
      const { tiles, tilesDone } = job.status;
      if (toRun) this.#options.log("the job is running", { level: "info", job: id, tiles, tilesDone });
      this.#jobs.set(id, job);
      return job;
    }
  }

  /** True if the job has ended and that is in the store. */
  async #work(job: DrivenJob): Promise<boolean> {
    try {
      const save = () => this.#inBackground(this.#save(job));
      return await this.#end(job, await runDrivenJob(job, { ...this.#options, save }));
    } catch (error) {
      if (job.lost) return false;
      const cancelled = isClearstackError(error, "cancelled");
      if (cancelled && this.#closing.signal.aborted) {
        await job.release().catch((error) => this.#logAbout(job.id, "it cannot be given back", error));
        return false;
      }
      const record = errorToRecord(error);
      if (record.kind === "internal") {
        this.#options.log(`job ${job.id}: ${error instanceof Error ? error.stack : error}`);
      }
      const told = record.kind === "internal" ? { ...record, message: INTERNAL_DETAIL } : record;
      return await this.#end(job, { state: cancelled ? "cancelled" : "failed", error: told });
    }
  }

  async #end(job: DrivenJob, change: Partial<JobStatus>): Promise<boolean> {
    job.forgetEta();
    if (job.status.request.webhook) job.setWebhook("pending");
    job.change(change, { type: "status" });
    const { signal } = this.#closing;
    while (!await this.#save(job)) {
      if (job.lost || signal.aborted) return false;
      await pause(SAVE_PAUSE_MS, signal);
    }
    const { state, tilesDone: tiles, deviceSeconds, error } = job.status;
    countEnded(state, state === "failed" ? error?.kind : undefined);
    const about = { job: job.id, state, tiles, deviceSeconds };
    if (state !== "failed") this.#options.log("the job has ended", { level: "info", ...about });
    else this.#options.log(`the job has failed: ${error!.message}`, { ...about, error: error!.kind });
    job.events.end();
    this.#forgetOldJobs();
    return true;
  }

  /** Everything that is left to do for a job: its webhook is told, its marks are removed. */
  async #conclude(job: DrivenJob, ended: boolean): Promise<void> {
    const { store, seal, webhooks, log } = this.#options;
    const closing = this.#closing.signal;
    if (!ended) {
      this.#jobs.delete(job.id);
      job.events.end();
      throw left();
    }
    if (job.record.webhook === "pending") {
      const { webhook } = await seal.open(job.id, job.record.request);
      const outcome = await webhooks.deliver(webhook!.url, job.status, closing);
      if (outcome === undefined) throw left();
      if (outcome === "given-up") log(`job ${job.id}: its webhook does not accept the message that it has ended`);
      job.setWebhook(outcome);
      if (!await this.#save(job)) throw left();
    }
    await store.release(job.id);
    job.events.end();
  }

  /** True if the newest state is in the store. */
  async #save(job: DrivenJob): Promise<boolean> {
    try {
      return await job.save();
    } catch (error) {
      this.#logAbout(job.id, "its status cannot be saved", error);
      return false;
    }
  }

  #forgetOldJobs(): void {
    const ended = [...this.#jobs.values()].filter(({ status }) => hasEnded(status));
    for (const job of ended.slice(0, -KEPT_LOGS)) this.#jobs.delete(job.id);
  }

  #inBackground(work: Promise<unknown>): void {
    const done = work.catch((error) =>
      this.#options.log(`internal error: ${error instanceof Error ? error.stack : error}`)
    ).finally(() => this.#background.delete(done));
    this.#background.add(done);
  }

  #logAbout(id: string, what: string, error: unknown): void {
    this.#options.log(`job ${id}: ${what}: ${errorToRecord(error).message}`);
  }
}
