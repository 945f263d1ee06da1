/** Takes jobs in: planned, their output begun, recorded, queued. */
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import type { SubmitOptions } from "shared/engine/job_runner.ts";
import type { Log } from "shared/telemetry/log.ts";
import { countEnded } from "shared/telemetry/metrics.ts";
import { checkQuotas } from "shared/plan/check_quotas.ts";
import { throwIfAborted } from "shared/process/unless_aborted.ts";
import { errorToRecord, toClearstackError } from "shared/errors.ts";
import { redactedRequest } from "shared/image/output/provenance.ts";
import { openStore } from "shared/storage/open_store.ts";
import { DrivenJob, type PreparedDrive } from "../drive/driven_job.ts";
import { withPatience } from "../drive/job_patience.ts";
import { newJobId } from "./job_id.ts";
import { traceParent } from "shared/telemetry/span.ts";
import type { JobRecord } from "./job_record.ts";
import { prepareInTime } from "../plan/prepare_in_time.ts";
import type { BegunJob } from "../run/job_run.ts";
import type { JobStore } from "./job_store.ts";
import { OutputPlaces } from "./output_places.ts";
import type { Throughput } from "../plan/throughput.ts";
import { delay } from "@std/async/delay";
import type { JobDeps } from "../run/run_job.ts";
import { beginPrepared } from "../run/run_job.ts";
import type { JobEncryption } from "./encryption.ts";
import type { SubmissionClaim, SubmissionKeys } from "./submission_keys.ts";
import type { Webhooks } from "./webhook.ts";

/** A submission whose process died is taken up by the next with the same key after so long. */
const SUBMISSION_MILLISECONDS = 60_000;

const POLL_MILLISECONDS = 100;

/** Dependencies of submissions. */
interface SubmissionsOptions {
  readonly deps: JobDeps;
  readonly store: JobStore;
  readonly keys: SubmissionKeys;
  readonly seal: JobEncryption;
  readonly webhooks: Webhooks;
  readonly throughput: Throughput;
  /** Planning may take so long. @default {300000} */
  readonly planningMs: number | undefined;
  readonly log: Log;
  /** Takes a job that has been recorded. */
  readonly enter: (job: DrivenJob) => Promise<void>;
  /** Throws once no more jobs are taken. */
  readonly refuseIfClosed: () => void;
  /** True where no other process takes jobs in. */
  readonly alone: boolean;
}

/** A submission that is to make a job. */
interface Opening {
  readonly id: string;
  readonly request: JobRequest;
  readonly owner: string | undefined;
  readonly key: SubmissionClaim | undefined;
  readonly options: SubmitOptions;
}

/** What becomes the job, once it is certain that it may. */
interface Planned extends PreparedDrive {
  readonly estimate: NonNullable<JobStatus["estimate"]>;
}

/** The entrance of one process. */
export class Submissions {
  readonly #options: SubmissionsOptions;
  readonly #places: OutputPlaces;

  constructor(options: SubmissionsOptions) {
    this.#options = options;
    this.#places = new OutputPlaces(options.store, { alone: options.alone });
  }

  /** See `JobRunner.submit`. */
  async submit(request: JobRequest, options: SubmitOptions): Promise<JobStatus> {
    const { owner, idempotencyKey, signal } = options;
    const { keys, refuseIfClosed, webhooks } = this.#options;
    refuseIfClosed();
    if (request.webhook) webhooks.requireSecret();
    if (idempotencyKey === undefined) {
      return await this.#open({ id: newJobId(new Date()), request, owner, key: undefined, options });
    }
    for (;;) {
      const key = await keys.claim({ key: idempotencyKey, owner, request, id: newJobId(new Date()) });
      const made = key.mine ? undefined : await this.#awaitJob(key, signal);
      if (made === "given back") continue;
      return made ?? await this.#open({ id: key.id, request, owner, key, options });
    }
  }

  /** The job that an earlier submission makes; undefined if that takes so long that it must have died. */
  async #awaitJob(
    { id, name }: SubmissionClaim,
    signal: AbortSignal | undefined,
  ): Promise<JobStatus | "given back" | undefined> {
    const { store, keys } = this.#options;
    for (let waited = 0; waited < SUBMISSION_MILLISECONDS; waited += POLL_MILLISECONDS) {
      const status = await store.status(id);
      if (status) return status;
      if (!await keys.isTaken(name)) return "given back";
      throwIfAborted(signal);
      await delay(POLL_MILLISECONDS);
    }
    return undefined;
  }

  /** Nothing is known of a submission, and nobody is in its way, until it is planned: whose source is slow keeps only themselves waiting. */
  async #open(opening: Opening): Promise<JobStatus> {
    const { id, request, key, owner, options: { admin, signal, quotas = {}, keepFailure } } = opening;
    const { store, deps, keys, throughput, planningMs } = this.#options;
    try {
      const started = performance.now();
      const { environment, patience } = withPatience(deps.environment);
      const planning = { ...deps, environment };
      const prepared = await prepareInTime(request, planning, { signal, planningMs });
      const estimate = await throughput.estimate(prepared.plan, prepared.device);
      checkQuotas({ ...prepared.plan, gpuSeconds: estimate.kernelSeconds }, quotas);
      // By another submission with the same key, which had only seemed to be dead.
      const made = key && await store.status(id);
      if (made) return made;
      const begin = () => beginPrepared(prepared, { request, started, claimant: { owner, admin } }, planning);
      return await this.#take(opening, begin, (begun) => this.#enter(opening, { begun, patience, estimate }));
    } catch (error) {
      if (key) await keys.release(key.name).catch(() => {});
      if (keepFailure && isFinal(error)) return await this.#keepFailure(opening, error);
      throw error;
    }
  }

  /** Begins the output and enters the job while no other submission begins one there. */
  async #take(
    { id, request, options: { signal } }: Opening,
    begin: () => Promise<BegunJob>,
    enter: (begun: BegunJob) => Promise<JobStatus>,
  ): Promise<JobStatus> {
    const { url } = request.output;
    const place = await openStore(url, { environment: this.#options.deps.environment }).place();
    return await this.#places.take({ id, place, url, signal }, async () => {
      const begun = await begin();
      try {
        return await enter(begun);
      } catch (error) {
        await begun.output.discard().catch(() => {});
        throw error;
      }
    });
  }

  async #enter({ id, request, owner, key }: Opening, { estimate, ...prepared }: Planned): Promise<JobStatus> {
    const { begun } = prepared;
    const { store, seal, enter, refuseIfClosed } = this.#options;
    const { planHash, tiles, warnings } = begun.plan;
    const tilesResumed = begun.output.tilesDone.size;
    const created = new Date().toISOString();
    const record: JobRecord = {
      status: {
        ...{ id, state: "queued", sequence: 1, created, updated: created, deviceSeconds: 0 },
        ...(owner === undefined ? {} : { owner }),
        ...{ request: redactedRequest(request), planHash, tiles, tilesDone: tilesResumed, tilesResumed },
        ...(warnings.length === 0 ? {} : { warnings }),
        estimate,
      },
      request: await seal.seal(id, request),
      ...(key ? { submission: key.name } : {}),
      ...submittedBy(),
      begun: false,
    };
    refuseIfClosed();
    const tag = await store.create(record);
    // Made by another submission with the same key, which had only seemed to be dead.
    if (tag === undefined) return (await store.status(id))!;
    await enter(new DrivenJob(store, { record, tag }, prepared));
    return record.status;
  }

  /** Records a request that was refused as a job that has failed. */
  async #keepFailure({ id, request, owner }: Opening, error: unknown): Promise<JobStatus> {
    const { store, seal, log } = this.#options;
    const created = new Date().toISOString();
    const status: JobStatus = {
      ...{ id, state: "failed", sequence: 1, created, updated: created, deviceSeconds: 0 },
      ...(owner === undefined ? {} : { owner }),
      ...{ request: redactedRequest(request), tiles: 0, tilesDone: 0, tilesResumed: 0, error: errorToRecord(error) },
    };
    await store.create({ status, request: await seal.seal(id, request), begun: true });
    const { kind, message } = errorToRecord(error);
    countEnded("failed", kind);
    log(`the job has failed: ${message}`, { job: id, error: kind });
    return status;
  }
}

/** True for what was refused for good; a defect, what may succeed later, or what is only too much for the caller, is not. */
function isFinal(error: unknown): boolean {
  const { kind, retryable, status } = toClearstackError(error);
  return kind !== "internal" && kind !== "over-quota" && !retryable && status !== 503;
}

/** The trace of the request, which the job goes on in whenever and wherever it runs. */
function submittedBy(): Pick<JobRecord, "trace"> {
  const trace = traceParent();
  return trace === undefined ? {} : { trace };
}
