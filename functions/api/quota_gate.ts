/** Jobs within the quotas of whoever asks for them: too large ones are refused before anything of them is written. */
import { checkLiveJobs, checkQuotas } from "shared/plan/check_quotas.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { JobRunner, SubmitOptions } from "shared/engine/job_runner.ts";
import { answeredRequests, assertFolder } from "shared/image/series_requests.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { ClearstackError, errorFields, toClearstackError } from "shared/errors.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { redactUrl } from "shared/storage/url.ts";
import { hasRole } from "./auth/require_role.ts";
import { mapPastBusy } from "./map_past_busy.ts";
import type { Principal } from "./principal.ts";

/** Images of one request that are planned at the same time. */
const IMAGES_AT_ONCE = 4;

/** Live jobs that are asked for at once. */
const LIVE_PAGE = 1000;

/** Stands between the endpoints and the runner. */
export class QuotaGate {
  readonly #jobs: JobRunner;
  /** Submissions of one caller follow each other, so that two at once cannot both be the last that is allowed. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(jobs: JobRunner) {
    this.#jobs = jobs;
  }

  /**
   * The plan as it is told: without a signature in the source's URL, since answers end up in logs and tickets.
   *
   * @throws {ClearstackError} `over-quota`, and what {@link JobRunner.plan} throws
   */
  async plan(request: JobRequest, { quotas }: Principal, options: RequestOptions = {}): Promise<Plan> {
    const plan = await this.#jobs.plan(request, options);
    if (quotas !== undefined) checkQuotas({ ...plan, gpuSeconds: plan.estimate?.kernelSeconds }, quotas);
    return { ...plan, source: { ...plan.source, url: redactUrl(plan.source.url) } };
  }

  /**
   * The plan of each image of a source, in the order of the source.
   *
   * @throws {ClearstackError} what {@link series} throws; what {@link plan} throws for an image, which the message names
   */
  async planSeries(request: JobRequest, principal: Principal, options: RequestOptions = {}): Promise<Plan[]> {
    const requests = await this.series(request, options);
    return await mapLimited(requests, IMAGES_AT_ONCE, async (one) => {
      try {
        return await this.plan(one, principal, options);
      } catch (error) {
        throw said(error, (message) => `image ${one.source.path ?? ""}: ${message}`);
      }
    });
  }

  /**
   * Quotas of one job go along with it, so that the plan that runs is the plan that was checked: nothing is read twice.
   *
   * @throws {ClearstackError} `over-quota`, `too-many`, and what {@link JobRunner.submit} throws
   */
  async submit(request: JobRequest, principal: Principal, options: SubmitOptions = {}): Promise<JobStatus> {
    const circumstances = circumstancesOf(principal, options);
    return await this.#withinLive(principal, [request], () => this.#jobs.submit(request, circumstances));
  }

  /**
   * The requests that one stands for, see {@link answeredRequests}; itself without `series`.
   *
   * @throws {ClearstackError} what {@link JobRunner.images} throws; `over-budget` for too many images
   */
  async series(request: JobRequest, options: RequestOptions = {}): Promise<readonly JobRequest[]> {
    if (request.source.series === undefined) return [request];
    assertFolder(request);
    return answeredRequests(request, await this.#jobs.images(request.source, options));
  }

  /**
   * A job for each image of a source, all within the quota of live jobs or none. What is wrong with the first is thrown, before
   * there is any job; a later one that is refused for good is a failed job among the others.
   *
   * @throws {ClearstackError} what {@link series} and {@link submit} throw; where some jobs were started before, it says so
   */
  async submitSeries(request: JobRequest, principal: Principal, options: SubmitOptions = {}): Promise<JobStatus[]> {
    const requests = await this.series(request, options);
    const [first, ...others] = requests;
    const circumstances = circumstancesOf(principal, options);
    const submit = (one: JobRequest, keepFailure: boolean) =>
      this.#jobs.submit(one, { ...circumstances, ...imageKey(one, options.idempotencyKey), keepFailure });
    return await this.#withinLive(principal, requests, async () => {
      const started = [await submit(first!, false)];
      const tried = async (one: JobRequest) => {
        const status = await submit(one, true);
        started.push(status);
        return status;
      };
      try {
        return [started[0]!, ...await mapPastBusy(others, IMAGES_AT_ONCE, tried)];
      } catch (error) {
        throw cutOff(error, `${started.length} of ${1 + others.length}`, options);
      }
    });
  }

  /**
   * Does what starts the jobs of some requests once the caller may have so many more. Where a live job writes, no other starts: that
   * is the same job, asked for again, or one that is refused, so it is counted once.
   */
  async #withinLive<T>(
    { id, quotas = {} }: Principal,
    requests: readonly JobRequest[],
    start: () => Promise<T>,
  ): Promise<T> {
    if (quotas.liveJobs === undefined) return await start();
    return await this.#inTurn(id, async () => {
      const written = await this.#liveOutputs(id);
      const more = requests.filter(({ output }) => !written.includes(redactUrl(output.url))).length;
      if (more > 0) checkLiveJobs({ live: written.length, more }, quotas);
      return await start();
    });
  }

  async #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(work, work);
    this.#turns.set(id, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(id) === turn) this.#turns.delete(id);
    }
  }

  /** Places that the jobs of an owner write to which have not ended, as a status tells them: one of each job. */
  async #liveOutputs(owner: string): Promise<string[]> {
    const outputs: string[] = [];
    for (const state of ["queued", "running"] as const) {
      let cursor: string | undefined;
      do {
        const position = cursor === undefined ? {} : { cursor };
        const page = await this.#jobs.list({ owner, state, limit: LIVE_PAGE, ...position });
        outputs.push(...page.jobs.map(({ request }) => request.output.url));
        cursor = page.next;
      } while (cursor !== undefined);
    }
    return outputs;
  }
}

/** With the quotas of one job, which go along with it. */
function circumstancesOf(principal: Principal, options: SubmitOptions): SubmitOptions {
  const { liveJobs: _, requests: __, ...perJob } = principal.quotas ?? {};
  return {
    ...options,
    ...(hasRole(principal, "admin") ? { admin: true } : {}),
    ...(Object.keys(perJob).length > 0 ? { quotas: perJob } : {}),
  };
}

/** The key of an image's job, by which a submission that is sent again goes on where it was cut off. */
export function imageKey({ source }: JobRequest, key: string | undefined): Pick<SubmitOptions, "idempotencyKey"> {
  return key === undefined ? {} : { idempotencyKey: `${key} ${source.path ?? ""}` };
}

/** An error that says how many jobs there are in spite of it. */
function cutOff(thrown: unknown, started: string, { idempotencyKey }: SubmitOptions): ClearstackError {
  const rest = idempotencyKey === undefined
    ? "the list of jobs has them; an Idempotency-Key would let the same be sent again for the rest"
    : "send the same again for the rest";
  return said(thrown, (message) => `${message} (${started} jobs were started before: ${rest})`);
}

/** The same error in other words. */
function said(thrown: unknown, inWords: (message: string) => string): ClearstackError {
  const error = toClearstackError(thrown);
  return new ClearstackError(error.kind, inWords(error.message), { ...errorFields(error), cause: error });
}
