/**
 * Takes jobs in, and drives those that are its own. All that is known of them is in a store, which other processes may share:
 * any of them answers for all jobs, and a dispatcher sees to it that each job has one living driver.
 */
import type { JobList, JobQuery } from "shared/contract/job_list.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobEvent, JobStatus } from "shared/contract/job_status.ts";
import type { Location } from "shared/contract/location.ts";
import type { TileMap } from "shared/contract/views/tile_map.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { EventsOptions, JobRunner, SubmitOptions } from "shared/engine/job_runner.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { type RetryPolicy, withRetries } from "shared/engine/retry.ts";
import { ClearstackError, errorToRecord } from "shared/errors.ts";
import { listSeries } from "shared/image/list_series.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { pause } from "shared/process/pause.ts";
import { unlessAborted } from "shared/process/unless_aborted.ts";
import type { RequestOptions, Store } from "shared/storage/store.ts";
import { fetchNamed } from "shared/storage/store_environment.ts";
import type { Log } from "shared/telemetry/log.ts";
import { plainLog } from "shared/telemetry/log.ts";
import type { JobEncryption } from "../jobs/encryption.ts";
import { openJobEncryption } from "../jobs/encryption.ts";
import { followJob } from "../jobs/follow_job.ts";
import type { JobControl } from "../jobs/job_control.ts";
import { jobTiles } from "../jobs/job_tiles.ts";
import { JobStore } from "../jobs/job_store.ts";
import { listJobs } from "../jobs/list_jobs.ts";
import { removeExpired } from "../jobs/retention.ts";
import { SubmissionKeys } from "../jobs/submission_keys.ts";
import { Submissions } from "../jobs/submissions.ts";
import type { WebhooksOptions } from "../jobs/webhook.ts";
import { Webhooks } from "../jobs/webhook.ts";
import { prepareInTime } from "../plan/prepare_in_time.ts";
import { Throughput } from "../plan/throughput.ts";
import type { JobDeps } from "../run/run_job.ts";
import type { Dispatcher, Driver } from "./dispatcher.ts";
import { ownDispatcher } from "./dispatcher.ts";
import { JobWorker } from "./job_worker.ts";
import { type QueuedJob, queuedJob, queueOrder } from "./queue_order.ts";
import { SoleProcess } from "./sole_process.ts";

/** Between two looks at a job that another process drives. */
const POLL_MS = 500;

/** The same for somebody who waits for it to be cancelled. */
const CANCEL_POLL_MS = 50;

/** For the store of jobs when the process starts. */
const START_RETRIES: RetryPolicy = { attempts: 1, firstDelayMs: 1000, longestDelayMs: 10_000 };

/** For handing a job out: until whoever takes it can be reached. */
const DISPATCH_RETRIES: RetryPolicy = { attempts: Infinity, firstDelayMs: 500, longestDelayMs: 30_000 };

/** Records that are read at the same time when jobs are handed out. */
const RECORDS_AT_ONCE = 32;

const RETENTION_INTERVAL_MS = 3_600_000;

/** Settings of {@link LocalJobRunner}. */
export interface LocalJobRunnerOptions {
  readonly deps: JobDeps;
  /** Store of jobs. */
  readonly store: Store;
  readonly control?: Partial<JobControl>;
  readonly webhooks?: Partial<Omit<WebhooksOptions, "secret">>;
  /** Jobs that run at the same time; each has the whole memory budget in its plan. @default {1} */
  readonly maxRunning?: number;
  /**
   * Hands jobs to the processes that drive them, among which is this one.
   *
   * @default {this process drives all, as the only one on its store; others on it stand by until it goes}
   */
  readonly dispatcher?: (driver: Driver) => Dispatcher;
  /** Without a dispatcher: a process that has not been heard of for so long is dead, and its jobs are taken over. @default {10000} */
  readonly deadAfterMs?: number;
  /** A submission is planned within so long, or refused. @default {300000} */
  readonly planningMs?: number;
  /** Called when the last job has ended, to free what is only held for the next one. */
  readonly onIdle?: () => Promise<void>;
  /** Called with what no caller is told. */
  readonly log?: Log;
}

/** The runner of one process. */
export class LocalJobRunner implements JobRunner {
  readonly #deps: JobDeps;
  readonly #planningMs: number | undefined;
  readonly #store: JobStore;
  readonly #keys: SubmissionKeys;
  readonly #throughput: Throughput;
  readonly #worker: JobWorker;
  readonly #dispatcher: Dispatcher;
  readonly #submissions: Submissions;
  readonly #closing = new AbortController();
  readonly #housekeeping: Promise<void>;
  readonly #sole: SoleProcess | undefined;
  readonly #log: Log;
  readonly #seal: JobEncryption;

  private constructor(options: LocalJobRunnerOptions, seal: JobEncryption) {
    const { deps, control = {}, maxRunning = 1, log = plainLog, store, deadAfterMs } = options;
    this.#deps = deps;
    this.#seal = seal;
    this.#planningMs = options.planningMs;
    this.#log = log;
    this.#store = new JobStore(store);
    this.#keys = new SubmissionKeys(store);
    this.#throughput = new Throughput(store, control.price);
    const secret = control.webhookSecret === undefined ? {} : { secret: control.webhookSecret };
    const webhooks = new Webhooks({ send: fetchNamed(deps.environment), ...options.webhooks, ...secret });
    this.#worker = new JobWorker({
      ...{ deps, seal, webhooks, maxRunning, log, awayMs: control.awayMs ?? 0 },
      store: this.#store,
      throughput: this.#throughput,
      onIdle: options.onIdle ?? (() => Promise.resolve()),
    });
    this.#dispatcher = options.dispatcher?.(this.#worker) ??
      ownDispatcher(this.#worker, { log, closing: this.#closing.signal, drives: () => this.#sole?.holds !== false });
    this.#sole = options.dispatcher ? undefined : new SoleProcess({
      ...{ store, deadAfterMs, log, instance: control.instance },
      onHeld: () => this.#dispatchAll(),
      onLost: () => this.#worker.leaveAll(),
    });
    this.#submissions = new Submissions({
      ...{ deps, seal, webhooks, store: this.#store, keys: this.#keys, throughput: this.#throughput },
      planningMs: this.#planningMs,
      log,
      enter: (job) => {
        this.#worker.prepared(job);
        return this.#dispatch(job.id);
      },
      refuseIfClosed: () => this.#refuseIfIdle(),
      alone: this.#sole !== undefined,
    });
    this.#housekeeping = this.#forgetExpired(control.retentionMs, log);
  }

  /**
   * Starts a runner; it takes up the jobs of the store that nobody drives.
   *
   * @throws {ClearstackError} `invalid-request` for settings that cannot be, such as another key than the store's
   */
  static async start(options: LocalJobRunnerOptions): Promise<LocalJobRunner> {
    const { store, control = {}, log = plainLog } = options;
    const policy = { ...START_RETRIES, awayMs: control.awayMs ?? 0 };
    const patiently = <T>(what: () => Promise<T>) =>
      withRetries(what, {
        policy,
        signal: new AbortController().signal,
        onRetry: (_, __, { message }) => log(`the store of jobs is waited for: ${message}`, { level: "warn" }),
      });
    const runner = new LocalJobRunner(options, await patiently(() => openJobEncryption(store, control.stateKey)));
    try {
      if (runner.#sole) await runner.#sole.start();
      else await patiently(() => runner.#dispatchAll());
    } catch (error) {
      await runner.close();
      throw error;
    }
    return runner;
  }

  async plan(request: JobRequest, { signal }: RequestOptions = {}): Promise<Plan> {
    const { plan, device } = await prepareInTime(request, this.#deps, { signal, planningMs: this.#planningMs });
    return { ...plan, estimate: await this.#throughput.estimate(plan, device) };
  }

  async images(source: Location, { signal }: RequestOptions = {}): Promise<string[]> {
    const { environment } = this.#deps;
    return await unlessAborted(listSeries(source, { environment, signal }), signal);
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
    for (let asked = false;;) {
      const status = await this.get(id);
      if (hasEnded(status) && !this.#worker.isDriving(id)) return status;
      this.#refuseIfIdle();
      if (this.#worker.isDriving(id)) await this.#worker.cancel(id);
      else if (!asked) {
        await this.#dispatcher.cancel(id);
        asked = true;
      } else await pause(CANCEL_POLL_MS, this.#closing.signal);
    }
  }

  async events(id: string, options: EventsOptions = {}): Promise<AsyncIterable<JobEvent>> {
    await this.get(id);
    return followJob({
      ...options,
      held: () => this.#worker.get(id),
      stored: () => this.#store.status(id),
      pollMs: POLL_MS,
      closing: this.#closing.signal,
    });
  }

  async tiles(id: string, { signal }: RequestOptions = {}): Promise<TileMap> {
    const status = await this.get(id);
    const job = this.#worker.get(id);
    const record = job?.record ?? (await this.#store.read(id))!.record;
    const request = await this.#seal.open(id, record.request);
    const { environment } = this.#deps;
    return await jobTiles({ status, request, underWay: job?.underWay ?? [] }, { environment, signal });
  }

  async ready(): Promise<void> {
    this.#refuseIfIdle();
    await this.#store.check();
  }

  /** Stops what runs and waits for it. The jobs stay unfinished in the store: the next driver goes on with them. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#worker.close();
    await this.#sole?.close();
    await this.#housekeeping;
  }

  /** The status of a job that is this process's; what others may have changed is known from the store alone. */
  #known(id: string): JobStatus | undefined {
    const job = this.#worker.get(id);
    return job && (job.driven || hasEnded(job.status)) ? job.status : undefined;
  }

  #refuseIfIdle(): void {
    if (this.#closing.signal.aborted) {
      throw new ClearstackError("no-device", "the service is shutting down: try again later");
    }
    if (this.#sole?.holds !== false) return;
    throw new ClearstackError(
      "no-device",
      "another process drives the jobs of this store, and this one stands by: ask that one, or try again later",
    );
  }

  /** Hands out what is left to do, also what a process left that died between recording a job and handing it out. */
  async #dispatchAll(): Promise<void> {
    const waiting: QueuedJob[] = [];
    await mapLimited(await this.#store.liveIds(), RECORDS_AT_ONCE, async (id) => {
      const found = await this.#store.legible(id);
      if (found) waiting.push(queuedJob(found.record.status));
      else await this.#refuseIllegible(id);
    });
    this.#worker.expect(waiting);
    // The first one is begun before the others are in the queue.
    for (const { id } of waiting.sort(queueOrder)) await this.#dispatch(id);
  }

  /** A mark without a record is that of a submission under way, or of one that was cut off. */
  async #refuseIllegible(id: string): Promise<void> {
    await this.#store.read(id).catch((error) => this.#log(errorToRecord(error).message));
  }

  /** Once, or in the background until it succeeds. */
  async #dispatch(id: string): Promise<void> {
    try {
      await this.#dispatcher.dispatch(id);
    } catch (error) {
      this.#log(`job ${id} waits: ${errorToRecord(error).message}`);
      const { signal } = this.#closing;
      withRetries(() => this.#dispatcher.dispatch(id), { policy: DISPATCH_RETRIES, signal }).catch(() => {});
    }
  }

  async #forgetExpired(retentionMs: number | undefined, log: (line: string) => void): Promise<void> {
    const { signal } = this.#closing;
    while (retentionMs !== undefined && !signal.aborted) {
      await removeExpired(this.#store, this.#keys, Date.now() - retentionMs)
        .catch((error) => log(`old jobs cannot be removed: ${error instanceof Error ? error.message : error}`));
      await pause(RETENTION_INTERVAL_MS, signal);
    }
  }
}
