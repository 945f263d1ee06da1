/** Jobs within the quotas of whoever asks for them: too large ones are refused before anything of them is written. */
import { checkLiveJobs, checkQuotas } from "shared/plan/check_quotas.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { JobRunner, SubmitOptions } from "shared/engine/job_runner.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { redactUrl } from "shared/storage/url.ts";
import { hasRole } from "./auth/require_role.ts";
import type { Principal } from "./principal.ts";

/** Jobs that were submitted longer ago are not counted as live: looking through all there ever were would take too long. */
const LIVE_MILLISECONDS = 7 * 24 * 3600 * 1000;

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
   * Quotas of one job go along with it, so that the plan that runs is the plan that was checked: nothing is read twice.
   *
   * @throws {ClearstackError} `over-quota`, `too-many`, and what {@link JobRunner.submit} throws
   */
  async submit(request: JobRequest, principal: Principal, options: SubmitOptions = {}): Promise<JobStatus> {
    const { id, quotas = {} } = principal;
    const { liveJobs, requests: _, ...perJob } = quotas;
    const circumstances = {
      ...options,
      ...(hasRole(principal, "admin") ? { admin: true } : {}),
      ...(Object.keys(perJob).length > 0 ? { quotas: perJob } : {}),
    };
    const submit = () => this.#jobs.submit(request, circumstances);
    if (liveJobs === undefined) return await submit();
    return await this.#inTurn(id, async () => {
      checkLiveJobs(await this.#countLive(id, liveJobs), quotas);
      return await submit();
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

  /** Jobs of an owner that have not ended, counted up to `enough`. */
  async #countLive(owner: string, enough: number): Promise<number> {
    const createdAfter = new Date(Date.now() - LIVE_MILLISECONDS).toISOString();
    let count = 0;
    for (const state of ["queued", "running"] as const) {
      let cursor: string | undefined;
      do {
        const position = cursor === undefined ? {} : { cursor };
        const page = await this.#jobs.list({ owner, state, createdAfter, limit: 100, ...position });
        count += page.jobs.length;
        cursor = page.next;
      } while (cursor !== undefined && count < enough);
    }
    return count;
  }
}
