/** A job that this process has queued or works on: its status, its events, and the lease by which it is this process's. */
import type { JobEvent, JobStatus } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { EventLog } from "../jobs/event_log.ts";
import type { JobRecord, Lease } from "../jobs/job_record.ts";
import type { BegunJob } from "../run/job_run.ts";
import type { JobStore, TaggedRecord } from "../jobs/job_store.ts";

/** Names a runner in leases. */
export type Holder = Omit<Lease, "beat">;

/** One job in this process. */
export class LeasedJob {
  /** Events of the job that this process has seen; the first tells where the job stood. */
  readonly events: EventLog;
  /** Stops the work on it. */
  readonly stop = new AbortController();
  /** Resolved once nothing of it runs here any more. */
  readonly settled = Promise.withResolvers<void>();
  /** Job that its submission has prepared; undefined for a job of another process. */
  readonly begun: BegunJob | undefined;
  readonly #store: JobStore;
  #record: JobRecord;
  #tag: string;
  #lost = false;
  #writing: Promise<unknown> = Promise.resolve();
  #waiting: Promise<boolean> | undefined;

  constructor(store: JobStore, { record, tag }: TaggedRecord, begun?: BegunJob) {
    this.#store = store;
    this.#record = record;
    this.#tag = tag;
    this.begun = begun;
    this.events = new EventLog(record.status.sequence - 1);
    this.events.append({ type: "status", status: record.status });
  }

  get id(): string {
    return this.#record.status.id;
  }

  get status(): JobStatus {
    return this.#record.status;
  }

  get record(): JobRecord {
    return this.#record;
  }

  /** True from {@link claim} on, until {@link release} or until another process has taken over. */
  get leased(): boolean {
    return this.#record.lease !== undefined && !this.#lost;
  }

  /** True if another process has taken over: whatever this one does about the job is void. */
  get lost(): boolean {
    return this.#lost;
  }

  /**
   * Takes the job for this process.
   *
   * @param toRun true if it is going to run, which readers are told
   * @returns false if it has changed since it was read
   */
  async claim(holder: Holder, toRun: boolean): Promise<boolean> {
    const told = !toRun ? {} : { state: "running" as const, updated: now(), sequence: this.events.latest + 1 };
    const status = { ...this.status, ...told };
    const record = { ...this.#record, status, begun: true, lease: { ...holder, beat: 0 } };
    const tag = await this.#store.swap(record, this.#tag);
    if (tag === undefined) return false;
    this.#record = record;
    this.#tag = tag;
    if (toRun) this.events.append({ type: "status", status });
    return true;
  }

  /** Changes the status and tells the readers of its events; {@link save} writes it down. */
  change(change: Partial<JobStatus>, event: Omit<JobEvent, "sequence" | "status">): void {
    const status = { ...this.status, ...change, updated: now(), sequence: this.events.latest + 1 };
    this.#record = { ...this.#record, status };
    this.events.append({ ...event, status });
  }

  /** Takes the time that is left out of the status of a job that has none left. */
  forgetEta(): void {
    const { etaSeconds: _, ...status } = this.status;
    this.#record = { ...this.#record, status };
  }

  /** Notes what became of the message that the job has ended. */
  setWebhook(webhook: NonNullable<JobRecord["webhook"]>): void {
    this.#record = { ...this.#record, webhook };
  }

  /**
   * Writes the newest state down and renews the lease. Writes follow each other; those that wait become one.
   *
   * @returns false if another process has taken over; the work is stopped then
   * @throws {ClearstackError} if the store cannot be written; the lease may or may not be lost then
   */
  save(): Promise<boolean> {
    this.#waiting ??= this.#writing.then(() => {
      this.#waiting = undefined;
      const write = this.#write();
      this.#writing = write.catch(() => {});
      return write;
    });
    return this.#waiting;
  }

  /** Gives the job back to the queue, for whichever process is next. */
  async release(): Promise<void> {
    await this.#writing;
    const { lease, ...record } = this.#record;
    if (this.#lost || lease === undefined || hasEnded(this.status)) return;
    await this.#store.swap({ ...record, status: { ...record.status, state: "queued" } }, this.#tag);
    this.#record = record;
  }

  async #write(): Promise<boolean> {
    const { lease } = this.#record;
    if (this.#lost || lease === undefined) return false;
    this.#record = { ...this.#record, lease: { ...lease, beat: lease.beat + 1 } };
    const tag = await this.#store.swap(this.#record, this.#tag) ?? await this.#recognise(lease.holder);
    if (tag !== undefined) {
      this.#tag = tag;
      return true;
    }
    this.#lost = true;
    this.stop.abort();
    return false;
  }

  /** A write that was given up may have been done all the same: what is there is then of this process, only with an older tag. */
  async #recognise(holder: string): Promise<string | undefined> {
    const there = await this.#store.read(this.id);
    return there?.record.lease?.holder === holder ? await this.#store.swap(this.#record, there.tag) : undefined;
  }
}

function now(): string {
  return new Date().toISOString();
}
