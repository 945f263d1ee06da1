/** One job from request to finished output: plan, create the output, fan the tiles out, write coarser levels, finish. */
import { countedKept } from "shared/counted.ts";
import type { BackendChoice } from "shared/contract/algorithm.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import { computedRequest } from "shared/image/output_form.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { Engine } from "shared/engine/engine.ts";
import { ClearstackError, errorFields, type ErrorKind, isClearstackError, toClearstackError } from "shared/errors.ts";
import { channelWindows } from "shared/image/ome/channel_windows.ts";
import { plannedOutput } from "shared/image/output/level_arrays.ts";
import type { FinishOptions } from "shared/image/output/ome_output.ts";
import { createOutput } from "shared/image/output/ome_output.ts";
import type { Claimant } from "shared/image/output/output_owner.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { withSpan } from "shared/telemetry/span.ts";
import { decidedPlan } from "shared/plan/tile_algorithm.ts";
import { checkEmpty, checkSeams, computeTiles, countClipped, decide } from "./compute_tiles.ts";
import { assertEmpty } from "./empty_tiles.ts";
import { type BegunJob, isOwnTile, type JobRun, type RunJobOptions } from "./job_run.ts";
import type { PlanningDeps, PreparedJob } from "../plan/prepare_job.ts";
import { prepareJob } from "../plan/prepare_job.ts";
import { Progress } from "./progress.ts";
import { TilesUnderWay } from "./tiles_under_way.ts";
import { assertSeams } from "./seam_certificate.ts";
import { Totals } from "./totals.ts";
import { writeLevels } from "./write_levels.ts";

/** Dependencies of running jobs. */
export interface JobDeps extends PlanningDeps {
  readonly engine: Engine;
  /** Called when a job that asked for this backend has been done. @default {nothing} */
  readonly deviceUsed?: (choice: BackendChoice) => Promise<void>;
}

/** Options of {@link beginJob}. */
interface BeginOptions extends RequestOptions {
  /** @default {somebody who may do anything} */
  readonly claimant?: Claimant | undefined;
}

/** Loaded for TIFFs alone, since it takes as long as all else that a function needs to start. */
const tiffJob = () => import("./tiff_job.ts");

/**
 * Plans a job and creates its output, or finds the one to continue.
 *
 * @throws {ClearstackError} everything that is wrong with the request; nothing has been written then
 */
export async function beginJob(
  request: JobRequest,
  deps: PlanningDeps,
  { signal, claimant }: BeginOptions = {},
): Promise<BegunJob> {
  const started = performance.now();
  const prepared = await planToBegin(request, deps, signal);
  return await beginPrepared(prepared, { request, started, claimant }, deps);
}

/**
 * Plans a job that is to begin here.
 *
 * @throws {ClearstackError} everything that is wrong with the request
 */
export async function planToBegin(request: JobRequest, deps: PlanningDeps, signal?: AbortSignal): Promise<PreparedJob> {
  return await prepareJob(request, deps, signal).catch((thrown) => {
    throw isClearstackError(thrown, "cancelled")
      ? advised(thrown, "nothing was written: run the same job again")
      : thrown;
  });
}

/** A request, and when its planning began, as `performance.now` tells it. */
interface Beginning extends Pick<BeginOptions, "claimant"> {
  readonly request: JobRequest;
  readonly started: number;
}

/**
 * Creates the output of a job that has been planned, or finds the one to continue.
 *
 * @throws {ClearstackError} what is wrong with the output; nothing has been written then
 */
export async function beginPrepared(
  prepared: PreparedJob,
  { request: asked, started, claimant }: Beginning,
  deps: PlanningDeps,
): Promise<BegunJob> {
  const request = computedRequest(asked);
  const accepted = request === asked
    ? undefined
    : await (await tiffJob()).findTiff(asked, request, { ...deps, ...prepared, claimant });
  const output = accepted ??
    await withSpan("create the output", {}, () => createOutput(prepared.plan, request, { ...deps, claimant }));
  const plan = output.decisions ? decidedPlan(prepared.plan, output.decisions) : prepared.plan;
  const { environment } = deps;
  return {
    ...{ ...prepared, plan, request, environment, output },
    ...(request === asked || accepted ? {} : { tiff: asked.output.url }),
    beginSeconds: (performance.now() - started) / 1000,
  };
}

/**
 * Computes what is missing of a job and finishes its output. A finished tile is never computed again, neither by this run nor
 * by a later one of the same plan.
 *
 * @returns what this run did; its bytes and seconds leave out what earlier runs did
 * @throws {ClearstackError} what stopped the job. If no tile was finished, nothing remains of the output; else the message
 * says how much is kept.
 */
export async function completeJob(begun: BegunJob, engine: Engine, options: RunJobOptions = {}): Promise<JobResult> {
  return await acceptOrRun(begun, engine, options, complete);
}

/** Takes over an output that is complete, or completes it; the message of what stops it says how much is kept. */
export async function acceptOrRun<Other extends object = never>(
  begun: BegunJob,
  engine: Engine,
  options: RunJobOptions,
  complete: (run: JobRun, seconds: () => number) => Promise<JobResult | Other>,
): Promise<JobResult | Other> {
  const started = performance.now();
  const { output, plan } = begun;
  const progress = progressOf(begun, options);
  const underWay = new TilesUnderWay();
  const run: JobRun = { begun, plan, engine, options, progress, underWay, tally: new Totals(begun) };
  const seconds = () => begun.beginSeconds + (performance.now() - started) / 1000;
  try {
    const result = output.earlierResult
      ? acceptEarlier(run, output.earlierResult, seconds)
      : await complete(run, seconds);
    if (begun.tiff === undefined || !isResult(result)) return result;
    return await (await tiffJob()).finishTiff(run, begun.tiff, result, seconds);
  } catch (error) {
    throw await cleanUp(toClearstackError(error), run);
  }
}

function isResult(value: object): value is JobResult {
  return "kernelSeconds" in value;
}

/** Counts the tiles that this run has to see to. */
function progressOf({ output, plan }: BegunJob, { share }: RunJobOptions): Progress {
  const tiles = share === undefined ? plan.tiles : Math.ceil((plan.tiles - share.index) / share.of);
  if (output.earlierResult) return new Progress(tiles, tiles);
  return new Progress(tiles, [...output.tilesDone].filter((index) => isOwnTile(share, index)).length);
}

/** Runs a job to its end: {@link beginJob}, then {@link completeJob}. */
export async function runJob(request: JobRequest, deps: JobDeps, options: RunJobOptions = {}): Promise<JobResult> {
  return await withSpan("job", {}, async () => {
    return await completeJob(await beginJob(request, deps, { signal: options.signal }), deps.engine, options);
  });
}

async function complete(undecided: JobRun, seconds: () => number): Promise<JobResult> {
  return await finishOutput(await computeDecided(undecided), seconds);
}

/** Decides what holds for the whole image, and computes the tiles. */
export async function computeDecided(undecided: JobRun): Promise<JobRun> {
  const decided = await withSpan("decide", {}, () => decide(undecided));
  const plan = await withSpan(
    "tiles",
    { "clearstack.tiles": decided.tiles },
    () => computeTiles({ ...undecided, plan: decided }),
  );
  return { ...undecided, plan };
}

/** Checks and finishes an output that has all its tiles. */
export async function finishOutput(
  computed: JobRun,
  seconds: () => number,
  { together = false }: Pick<FinishOptions, "together"> = {},
): Promise<JobResult> {
  const run = await countClipped(computed);
  const { plan, begun: { output, request, environment }, tally, options: { signal } } = run;
  const seam = await withSpan("seams", {}, () => checkSeams(run));
  if (seam) assertSeams(seam);
  const empty = await withSpan("empty tiles", {}, () => checkEmpty(run));
  if (empty) assertEmpty(empty);
  await withSpan("levels", { "clearstack.levels": plan.levels.length }, () => writeLevels(run));
  return await withSpan("commit", {}, async () => {
    const windows = await channelWindows(plannedOutput(plan, { url: request.output.url, run: output.run }), {
      environment,
      signal,
    });
    const checks = { ...(seam ? { seam } : {}), ...(empty ? { empty } : {}) };
    const result = { ...tally.result(plan, output.url, seconds()), ...checks };
    await output.finish(result, { windows, together });
    return result;
  });
}

function acceptEarlier({ plan, begun: { output }, tally }: JobRun, earlier: JobResult, seconds: () => number) {
  const { seam, empty, warnings, intensity, clipping } = earlier;
  return {
    ...tally.result(plan, output.url, seconds()),
    ...(intensity ? { intensity } : {}),
    ...(clipping ? { clipping } : {}),
    ...(seam ? { seam } : {}),
    ...(empty ? { empty } : {}),
    ...(warnings ? { warnings } : {}),
  };
}

/** Kinds that the same job meets again; where two states conflict, the message says what to do instead. */
const FINAL: readonly ErrorKind[] = ["conflict", "corrupt-data", "failed-check", "invalid-request", "unsupported"];

/** An output without a single tile is worth nothing and would be in the way; one with tiles is worth its time. */
async function cleanUp(error: ClearstackError, { begun: { output }, progress, plan, options }: JobRun) {
  const { tilesDone } = progress;
  if (tilesDone === 0 && !output.resumed) {
    // What stopped the job is the news, also if the store it met then refuses to clean up.
    await output.discard().catch(() => {});
    return error.kind === "cancelled"
      ? advised(error, "nothing was kept: run the same job again to start anew")
      : error;
  }
  if (await output.isLost()) return error;
  if (error.kind === "corrupt-data" || error.kind === "failed-check") await output.markSuspect().catch(() => {});
  const advice = FINAL.includes(error.kind) ? "" : ": run the same job again to continue";
  // Those of other shares are kept too.
  const done = options.share === undefined ? tilesDone : await output.recordedTiles().catch(() => tilesDone);
  return advised(error, `${countedKept(done, plan.tiles, "tile")} in ${output.url}${advice}`);
}

function advised(error: ClearstackError, advice: string): ClearstackError {
  return new ClearstackError(error.kind, `${error.message}; ${advice}`, { ...errorFields(error), cause: error });
}
