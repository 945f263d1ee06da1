/**
 * One of several processes that compute a job together with nothing between them but the output: a cluster's array of tasks. The
 * first begins the output, by a conditional write; each takes the tiles of its share; whoever finds the tiles of all finishes it.
 * Nobody waits for anybody and nothing is leased, so any of them may die, and be started again, at any time.
 */
import { delay } from "@std/async/delay";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobResult, Share, ShareResult } from "shared/contract/job_status.ts";
import { ClearstackError } from "shared/errors.ts";
import { OtherOutputError } from "shared/image/output/claim_output.ts";
import { OutputRaceError } from "shared/image/output/job_record.ts";
import { withSpan } from "shared/telemetry/span.ts";
import type { BegunJob, JobRun, RunJobOptions } from "./job_run.ts";
import {
  acceptOrRun,
  beginJob,
  beginPrepared,
  completeJob,
  computeDecided,
  finishOutput,
  type JobDeps,
  planToBegin,
} from "./run_job.ts";

/** Beginnings that met that of another task: it goes on by then, so that the next finds what it began. */
const MAX_RACES = 10;
const RACE_MS = 100;

/** How a share is run. */
export interface RunShareOptions extends RunJobOptions {
  readonly share: Share;
}

/**
 * Computes what is missing of a share, and finishes the output if no other tile is missing then.
 *
 * @returns the result of the job where the output is finished, by this task or another
 * @throws {ClearstackError} `invalid-request` where the request would replace the work of the other tasks; what stopped this one:
 * started again, it goes on
 */
export async function runShare(
  request: JobRequest,
  deps: JobDeps,
  options: RunShareOptions,
): Promise<JobResult | ShareResult> {
  const { output } = request;
  if (output.ifExists === "overwrite") {
    throw new ClearstackError(
      "invalid-request",
      `each task would replace the work of the others: remove ${output.url} first, or choose another output`,
      { path: "output.ifExists", value: output.ifExists },
    );
  }
  // A task that is started once more than needed finds that all is done.
  const joining: JobRequest = { ...request, output: { ...output, ifExists: "resume" } };
  return await withSpan("job", {}, async () => {
    let planned = false;
    try {
      const begun = await beginTogether(joining, deps, { ...options, onPlanned: () => planned = true });
      return await acceptOrRun(begun, deps.engine, options, completeShare);
    } catch (error) {
      if (error instanceof OtherOutputError) throw otherSettings(error);
      const finished = options.signal?.aborted || !planned
        ? undefined
        : await finishedByAnother(joining, deps).catch(() => undefined);
      if (finished === undefined) throw error;
      return finished;
    }
  });
}

/** Tasks cannot replace an output, so this one is told what it can do. */
function otherSettings(cause: OtherOutputError): ClearstackError {
  const { place, what } = cause;
  return new ClearstackError(
    "conflict",
    `${place} ${what}; give all tasks of an array the same settings, or remove it before they start`,
    { path: "output.url", value: place, cause },
  );
}

/** The result of a job that another task has finished: what this one still wanted to read of it may be gone by then. */
async function finishedByAnother(request: JobRequest, deps: JobDeps): Promise<JobResult | undefined> {
  const begun = await beginJob(request, deps);
  return begun.output.earlierResult && await completeJob(begun, deps.engine);
}

/** Begins the output, or goes on with what another task has just begun, whose plan holds then. */
async function beginTogether(
  request: JobRequest,
  deps: JobDeps,
  { signal, onPlanned }: RunJobOptions & { readonly onPlanned: () => void },
): Promise<BegunJob> {
  for (let race = 1;; race++) {
    const started = performance.now();
    const prepared = await planToBegin(request, deps, signal);
    onPlanned();
    try {
      return await beginPrepared(prepared, { request, started }, deps);
    } catch (error) {
      if (!(error instanceof OutputRaceError) || race === MAX_RACES) throw error;
      await delay(RACE_MS * race, signal ? { signal } : {});
    }
  }
}

async function completeShare(undecided: JobRun, seconds: () => number): Promise<JobResult | ShareResult> {
  const { begun: { output }, options: { share }, progress } = undecided;
  const run = await computeDecided(undecided);
  const tilesMissing = run.plan.tiles - await output.recordedTiles();
  if (tilesMissing === 0) return await finishOutput(run, seconds, { together: true });
  const { tilesComputed } = progress;
  return { share: share!, output: output.url, tiles: run.plan.tiles, tilesComputed, tilesMissing };
}
