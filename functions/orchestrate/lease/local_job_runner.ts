/**
 * Runs jobs in this process, a few at a time, the others in a queue. All that is known of them is in a store, which any number
 * of runners may share: each job is run by the one that holds its lease, and all of them answer for all jobs.
 */
import type { JobList, JobQuery } from "shared/contract/job_list.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobEvent, JobStatus } from "shared/contract/job_status.ts";
import type { Plan } from "shared/contract/plan.ts";
import { type EventsOptions, hasEnded, type JobRunner, type SubmitOptions } from "shared/engine/job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import { fetchNamed } from "shared/storage/store_environment.ts";
import { type Log, plainLog } from "shared/telemetry/log.ts";
import { followJob } from "../jobs/follow_job.ts";
import type { JobControl } from "../jobs/job_control.ts";
import { JobStore } from "../jobs/job_store.ts";
import { JobWorker } from "./job_worker.ts";
import { listJobs } from "../jobs/list_jobs.ts";
import { Throughput } from "../plan/throughput.ts";
import { delay } from "@std/async/delay";
import { pause } from "shared/process/pause.ts";
import { prepareJob } from "../plan/prepare_job.ts";
import { removeExpired } from "../jobs/retention.ts";
import type { JobDeps } from "../run/run_job.ts";
import { type JobEncryption, openJobEncryption } from "../jobs/encryption.ts";
import { SubmissionKeys } from "../jobs/submission_keys.ts";
import { Submissions } from "../jobs/submissions.ts";
import { Webhooks, type WebhooksOptions } from "../jobs/webhook.ts";

/** Between two looks at a job that another process runs. */
const POLL_MILLISECONDS = 500;

/** The same for somebody who waits for it to be cancelled. */
const CANCEL_POLL_MILLISECONDS = 50;

const RETENTION_INTERVAL_MILLISECONDS = 3_600_000;

/** Settings of {@link LocalJobRunner}. */
export interface LocalJobRunnerOptions {
  readonly deps: JobDeps;
  /** Store of jobs; runners of other processes may share it, unless it is memory. */
  readonly store: Store;
  readonly control?: JobControl;
  readonly webhooks?: Partial<Omit<WebhooksOptions, "secret">>;
  /** Jobs that run at the same time; each has the whole memory budget in its plan. @default {1} */
  readonly maxRunning?: number;
  /** A runner that has not been heard of for so long is dead, and its jobs are taken over. @default {10000} */
  readonly leaseMs?: number;
  /** Called when the last job has ended, to free what is only held for the next one. */
  readonly onIdle?: () => Promise<void>;
  /** Called with what no caller is told. */
  readonly log?: Log;
}

/** The runner of one process. */
export class LocalJobRunner implements JobRunner {
  readonly #deps: JobDeps;
  readonly #store: JobStore;
  readonly #keys: SubmissionKeys;
  readonly #throughput: Throughput;
  readonly #worker: JobWorker;
  readonly #submissions: Submissions;
  readonly #closing = new AbortController();
  readonly #housekeeping: Promise<void>;

  private constructor(options: LocalJobRunnerOptions, seal: JobEncryption) {
    const { deps, control = {}, maxRunning = 1, leaseMs = 10_000, log = plainLog } = options;
    const holder = crypto.randomUUID();
    this.#deps = deps;
    this.#store = new JobStore(options.store);
    this.#keys = new SubmissionKeys(options.store);
    this.#throughput = new Throughput(options.store, control.price);
    const secret = control.webhookSecret === undefined ? {} : { secret: control.webhookSecret };
    const webhooks = new Webhooks({ send: fetchNamed(deps.environment), ...options.webhooks, ...secret });
    this.#worker = new JobWorker({
      ...{ deps, seal, webhooks, maxRunning, leaseMs, log },
      store: this.#store,
      throughput: this.#throughput,
      holder: { instance: control.instance ?? holder, holder },
      onIdle: options.onIdle ?? (() => Promise.resolve()),
    });
    this.#submissions = new Submissions({
      ...{
        deps,
        seal,
        webhooks,
        store: this.#store,
        keys: this.#keys,
        throughput: this.#throughput,
        worker: this.#worker,
      },
      refuseIfClosed: () => this.#refuseIfClosed(),
    });
    this.#housekeeping = this.#forgetExpired(control.retentionMs, log);
  }

  /**
   * Starts a runner; it takes up the jobs of the store that nobody works on.
   *
   * @throws {ClearstackError} `invalid-request` for settings that cannot be, such as another key than the store's
   */
  static async start(options: LocalJobRunnerOptions): Promise<LocalJobRunner> {
    const runner = new LocalJobRunner(options, await openJobEncryption(options.store, options.control?.stateKey));
    try {
      await runner.#worker.start();
    } catch (error) {
      await runner.close();
      throw error;
    }
    return runner;
  }

  async plan(request: JobRequest): Promise<Plan> {
    const { plan, device } = await prepareJob(request, this.#deps);
    return { ...plan, estimate: await this.#throughput.estimate(plan, device) };
  }

  submit(request: JobRequest, options: SubmitOptions = {}): Promise<JobStatus> {
    return this.#submissions.submit(request, options);
  }

  async get(id: string): Promise<JobStatus> {
    const status = this.#known(id) ?? await this.#store.status(id);
    if (!status) throw new ClearstackError("not-found", `there is no job ${id}`);
    return status;
  }

  async list(query: JobQuery): Promise<JobList> {
    return await listJobs(this.#store, query, (id) => this.#known(id));
  }

  async cancel(id: string): Promise<JobStatus> {
    for (let asked = false;; await delay(CANCEL_POLL_MILLISECONDS)) {
      const job = this.#worker.get(id);
      if (job?.leased && !hasEnded(job.status)) {
        job.stop.abort();
        await job.settled.promise;
      }
      const status = await this.get(id);
      if (hasEnded(status)) return status;
      this.#refuseIfClosed();
      if (status.state === "queued") await this.#worker.cancelQueued(id);
      else if (!asked) {
        await this.#store.askCancel(id);
        asked = true;
      }
    }
  }

  async events(id: string, options: EventsOptions = {}): Promise<AsyncIterable<JobEvent>> {
    await this.get(id);
    return followJob({
      ...options,
      held: () => this.#worker.get(id),
      stored: () => this.#store.status(id),
      pollMs: POLL_MILLISECONDS,
      closing: this.#closing.signal,
    });
  }

  async ready(): Promise<void> {
    this.#refuseIfClosed();
    await this.#store.cancelIds();
  }

  /** Stops what runs and waits for it. The jobs stay unfinished in the store: the next runner goes on with them. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#worker.close();
    await this.#housekeeping;
  }

  /** The status of a job that is this process's; what others may have changed is known from the store alone. */
  #known(id: string): JobStatus | undefined {
    const job = this.#worker.get(id);
    return job && (job.leased || hasEnded(job.status)) ? job.status : undefined;
  }

  #refuseIfClosed(): void {
    if (!this.#closing.signal.aborted) return;
    throw new ClearstackError("no-device", "the service is shutting down: try again later");
  }

  async #forgetExpired(retentionMs: number | undefined, log: (line: string) => void): Promise<void> {
    const { signal } = this.#closing;
    while (retentionMs !== undefined && !signal.aborted) {
      await removeExpired(this.#store, this.#keys, Date.now() - retentionMs)
        .catch((error) => log(`old jobs cannot be removed: ${error instanceof Error ? error.message : error}`));
      await pause(RETENTION_INTERVAL_MILLISECONDS, signal);
    }
  }
}
