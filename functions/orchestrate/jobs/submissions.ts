/** Takes jobs in: planned, their output begun, recorded, queued. */
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import type { SubmitOptions } from "shared/engine/job_runner.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import type { Log } from "shared/telemetry/log.ts";
import { checkQuotas } from "shared/plan/check_quotas.ts";
import { throwIfAborted } from "shared/process/unless_aborted.ts";
import { ClearstackError, errorToRecord, toClearstackError } from "shared/errors.ts";
import { redactedRequest } from "shared/image/output/provenance.ts";
import { openStore } from "shared/storage/open_store.ts";
import { placesOverlap, redactUrl } from "shared/storage/url.ts";
import { DrivenJob, type PreparedDrive } from "../drive/driven_job.ts";
import { withPatience } from "../drive/job_patience.ts";
import { jobTime, newJobId } from "./job_id.ts";
import { traceParent } from "shared/telemetry/span.ts";
import type { JobRecord } from "./job_record.ts";
import { prepareInTime } from "../plan/prepare_in_time.ts";
import type { BegunJob } from "../run/job_run.ts";
import type { JobStore } from "./job_store.ts";
import type { Throughput } from "../plan/throughput.ts";
import { delay } from "@std/async/delay";
import type { JobDeps } from "../run/run_job.ts";
import { beginPrepared } from "../run/run_job.ts";
import type { JobEncryption } from "./encryption.ts";
import type { SubmissionClaim, SubmissionKeys } from "./submission_keys.ts";
import type { Webhooks } from "./webhook.ts";

/** A submission whose process died is taken up by the next with the same key after so long. */
const SUBMISSION_MILLISECONDS = 60_000;

/** No submission takes so long. */
const CUT_OFF_MS = 10 * 60_000;

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
  /** Places at which submissions begin outputs and have no job yet, by id. */
  readonly #beginning = new Map<string, string>();
  /** Places that live jobs write to; a job's place never changes. */
  readonly #outputs = new Map<string, string>();

  constructor(options: SubmissionsOptions) {
    this.#options = options;
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
      return await this.#alone(opening, begin, (begun) => this.#enter(opening, { begun, patience, estimate }));
    } catch (error) {
      if (key) await keys.release(key.name).catch(() => {});
      if (keepFailure && isFinal(error)) return await this.#keepFailure(opening, error);
      throw error;
    }
  }

  /** Begins the output and enters the job while no other submission begins one there. */
  async #alone(
    { id, request }: Opening,
    begin: () => Promise<BegunJob>,
    enter: (begun: BegunJob) => Promise<JobStatus>,
  ): Promise<JobStatus> {
    const { store, deps } = this.#options;
    const place = await openStore(request.output.url, { environment: deps.environment }).place();
    this.#refuseTakenHere(request, place);
    let begun: BegunJob | undefined;
    this.#beginning.set(id, place);
    this.#outputs.set(id, place);
    try {
      await store.markLive(id, place);
      await this.#refuseTakenElsewhere(id, request, place);
      begun = await begin();
      return await enter(begun);
    } catch (error) {
      await begun?.output.discard().catch(() => {});
      await store.release(id).catch(() => {});
      throw error;
    } finally {
      this.#beginning.delete(id);
    }
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
    log(`the job has failed: ${message}`, { job: id, error: kind });
    return status;
  }

  /** Two jobs that write to one place would destroy each other's work. */
  #refuseTakenHere({ output }: JobRequest, place: string): void {
    for (const other of this.#beginning.values()) if (placesOverlap(other, place)) throw taken(output.url);
  }

  /**
   * Each submission has put up its mark before it looks at those of others, so that of two at least one sees the other. One that
   * sees another without a job yet gives way if it has the greater id, and else waits to see which of them got through.
   */
  async #refuseTakenElsewhere(id: string, { output }: JobRequest, place: string): Promise<void> {
    const { store } = this.#options;
    const live = await store.liveIds();
    for (const known of this.#outputs.keys()) {
      if (!live.includes(known) && !this.#beginning.has(known)) this.#outputs.delete(known);
    }
    for (const other of live) {
      if (other === id) continue;
      const otherPlace = this.#outputs.get(other) ?? await store.liveOutput(other);
      if (otherPlace === undefined) continue;
      this.#outputs.set(other, otherPlace);
      if (!placesOverlap(otherPlace, place)) continue;
      if (await this.#getsThrough(id, other)) throw taken(output.url);
    }
  }

  /** True if the other job writes, or will. */
  async #getsThrough(id: string, other: string): Promise<boolean> {
    const { store, alone } = this.#options;
    for (let waited = 0; waited < SUBMISSION_MILLISECONDS; waited += POLL_MILLISECONDS) {
      const status = await store.status(other);
      if (status) return !hasEnded(status);
      // A mark without a job is that of a submission that was cut off, if none of this process can be at it, or for so long.
      if (alone || Date.now() - jobTime(other)! > CUT_OFF_MS) await store.release(other);
      if (await store.liveOutput(other) === undefined) return false;
      if (id > other) return true;
      await delay(POLL_MILLISECONDS);
    }
    return true;
  }
}

/** True for what was refused for good; a defect, what may succeed later, or what is only too much for the caller, is not. */
function isFinal(error: unknown): boolean {
  const { kind, retryable, status } = toClearstackError(error);
  return kind !== "internal" && kind !== "over-quota" && !retryable && status !== 503;
}

function taken(url: string): ClearstackError {
  return new ClearstackError("conflict", `another job is writing to ${redactUrl(url)}: wait or cancel it`);
}

/** The trace of the request, which the job goes on in whenever and wherever it runs. */
function submittedBy(): Pick<JobRecord, "trace"> {
  const trace = traceParent();
  return trace === undefined ? {} : { trace };
}
