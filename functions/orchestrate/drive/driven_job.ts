/** A job that this process has queued or drives: its status, its events, and the mark by which an older driver sees that it is one. */
import type { JobEvent, JobStatus } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { EventLog } from "../jobs/event_log.ts";
import type { JobRecord } from "../jobs/job_record.ts";
import type { JobPatience } from "./job_patience.ts";
import type { BegunJob } from "../run/job_run.ts";
import type { JobStore, TaggedRecord } from "../jobs/job_store.ts";

/** What the submission of a job has prepared. */
export interface PreparedDrive {
  readonly begun: BegunJob;
  readonly patience: JobPatience;
}

/** One job in this process. */
export class DrivenJob {
  /** Events of the job that this process has seen; the first tells where the job stood. */
  readonly events: EventLog;
  /** Stops the work on it. */
  readonly stop = new AbortController();
  /** Undefined for a job that was submitted elsewhere. */
  readonly prepared: PreparedDrive | undefined;
  /** Tiles that are handed out and not done. */
  underWay: readonly number[] = [];
  readonly #store: JobStore;
  #record: JobRecord;
  #tag: string;
  #lost = false;
  #driver: string | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #waiting: Promise<boolean> | undefined;

  constructor(store: JobStore, { record, tag }: TaggedRecord, prepared?: PreparedDrive) {
    this.#store = store;
    this.#record = record;
    this.#tag = tag;
    this.prepared = prepared;
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
  get driven(): boolean {
    return this.#driver !== undefined && !this.#lost;
  }

  /** True if another process has taken over: whatever this one does about the job is void. */
  get lost(): boolean {
    return this.#lost;
  }

  /**
   * Takes the job for this process: any process that drove it before finds out with its next write, and stops.
   *
   * @param toRun true if it is going to run, which readers are told
   * @returns false if it has changed since it was read
   */
  async claim(toRun: boolean): Promise<boolean> {
    const told = !toRun ? {} : { state: "running" as const, updated: now(), sequence: this.events.latest + 1 };
    const status = { ...this.status, ...told };
    const driver = crypto.randomUUID();
    const record = { ...this.#record, status, begun: true, driver };
    const tag = await this.#store.swap(record, this.#tag);
    if (tag === undefined) return false;
    this.#driver = driver;
    this.#record = record;
    this.#tag = tag;
    if (toRun) this.events.append({ type: "status", status });
    return true;
  }

  /** Stops the work on the job: another process is to drive it. Nothing more is written. */
  abandon(): void {
    this.#lost = true;
    this.stop.abort();
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
   * Writes the newest state down. Writes follow each other; those that wait become one.
   *
   * @returns false if another process has taken over; the work is stopped then
   * @throws {ClearstackError} if the store cannot be written
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
    if (!this.driven || hasEnded(this.status)) return;
    const { driver: _, ...record } = this.#record;
    this.#driver = undefined;
    await this.#store.swap({ ...record, status: { ...record.status, state: "queued" } }, this.#tag);
    this.#record = record;
  }

  async #write(): Promise<boolean> {
    if (!this.driven) return false;
    const tag = await this.#store.swap(this.#record, this.#tag) ?? await this.#recognise();
    if (tag !== undefined) {
      this.#tag = tag;
      return true;
    }
    this.abandon();
    return false;
  }

  /** A write that was given up may have been done all the same: what is there is then of this driver, only with an older tag. */
  async #recognise(): Promise<string | undefined> {
    const there = await this.#store.read(this.id);
    return there?.record.driver === this.#driver ? await this.#store.swap(this.#record, there!.tag) : undefined;
  }
}

function now(): string {
  return new Date().toISOString();
}
