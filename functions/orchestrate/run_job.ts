/** One job from request to finished output: plan, create the output, fan the tiles out, finish. */
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { SeamCertificate } from "shared/contract/seam.ts";
import type { TileReport } from "shared/contract/tile.ts";
import type { Device } from "shared/engine/device.ts";
import type { Engine, TileRetry } from "shared/engine/engine.ts";
import { ClearstackError, toClearstackError } from "shared/errors.ts";
import type { Output } from "shared/image/ome_output.ts";
import { createOutput } from "shared/image/ome_output.ts";
import { decidedPlan, needsPilot } from "shared/tile_algorithm.ts";
import type { PilotOutcome } from "./pilot.ts";
import { runPilot } from "./pilot.ts";
import type { PlanningDeps, PreparedJob } from "./prepare_job.ts";
import { prepareJob } from "./prepare_job.ts";
import { Progress } from "./progress.ts";
import { seamTasks } from "./seam_tasks.ts";
import { smallerPlace, smallerTile } from "./smaller_task.ts";
import { tileTasks } from "./tile_tasks.ts";

/** What running jobs needs. */
export interface JobDeps extends PlanningDeps {
  readonly engine: Engine;
}

/** Where a running job stands. */
export interface JobProgress {
  readonly type: "status" | "tile" | "retry";
  readonly planHash: string;
  readonly tiles: number;
  readonly tilesDone: number;
  readonly tilesResumed: number;
  readonly etaSeconds?: number;
  /** With type `tile`. */
  readonly tile?: TileReport;
  /** One line: with type `retry` what failed, with type `status` what the user should know. */
  readonly message?: string;
}

/** Options of {@link runJob}. */
export interface RunJobOptions {
  /** Cancels: tiles in flight are stopped and waited for; finished ones are kept. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
}

/** A job whose output is there, so that nobody else can take its place. */
export interface BegunJob extends PreparedJob {
  readonly request: JobRequest;
  readonly output: Output;
  /** Seconds it took to get so far. */
  readonly beginSeconds: number;
}

/**
 * Plans a job and creates its output, or finds the one to continue.
 *
 * @throws {ClearstackError} everything that is wrong with the request; nothing has been written then
 */
export async function beginJob(request: JobRequest, deps: PlanningDeps, signal?: AbortSignal): Promise<BegunJob> {
  const started = performance.now();
  const prepared = await prepareJob(request, deps, signal);
  const output = await createOutput(prepared.plan, request);
  const plan = output.decisions ? decidedPlan(prepared.plan, output.decisions) : prepared.plan;
  return { ...prepared, plan, request, output, beginSeconds: (performance.now() - started) / 1000 };
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
  const started = performance.now();
  const { output, beginSeconds } = begun;
  let { plan } = begun;
  const progress = new Progress(plan.tiles, output.earlierResult ? plan.tiles : output.tilesDone.size);
  const tally = new Tally(begun);
  try {
    let seam = output.earlierResult?.seam;
    if (!output.earlierResult) {
      plan = await decide({ begun, engine, options, progress, tally });
      const decided = { ...begun, plan };
      await computeTiles({ begun: decided, engine, options, progress, tally });
      seam = await checkSeams(decided, engine, options);
    }
    const seconds = beginSeconds + (performance.now() - started) / 1000;
    const result = { ...tally.result(plan, output.url, seconds), ...(seam ? { seam } : {}) };
    if (!output.earlierResult) await output.finish(result);
    return result;
  } catch (error) {
    throw await cleanUp(toClearstackError(error), output, progress);
  }
}

/** Runs a job to its end: {@link beginJob}, then {@link completeJob}. */
export async function runJob(request: JobRequest, deps: JobDeps, options: RunJobOptions = {}): Promise<JobResult> {
  return await completeJob(await beginJob(request, deps, options.signal), deps.engine, options);
}

interface Run {
  readonly begun: BegunJob;
  readonly engine: Engine;
  readonly options: RunJobOptions;
  readonly progress: Progress;
  readonly tally: Tally;
}

/** The plan with everything decided, by this run or an earlier one. */
async function decide(run: Run): Promise<Plan> {
  const { begun: { plan, request, device, output, warnings }, engine, options, tally } = run;
  const tell = teller(run);
  tell({ type: "status" });
  for (const message of warnings) tell({ type: "status", message });
  if (!needsPilot(plan.algorithm) || plan.decisions) return plan;
  const pilot = await runPilot({ plan, device }, request, engine, {
    signal: options.signal,
    onRetry: (retry) => tell({ type: "retry", message: describeRetry(retry) }),
    tell: (message) => tell({ type: "status", message }),
  });
  tally.addPilot(pilot);
  await output.decide(pilot.decisions, pilot.measurements);
  return decidedPlan(plan, pilot.decisions);
}

/** Passes news on together with where the job stands. */
function teller({ begun: { plan }, options, progress }: Run) {
  return (news: Pick<JobProgress, "type" | "tile" | "message">) => {
    const { tiles, tilesDone, tilesResumed, etaSeconds } = progress;
    const eta = etaSeconds === undefined ? {} : { etaSeconds };
    options.onProgress?.({ ...news, planHash: plan.planHash, tiles, tilesDone, tilesResumed, ...eta });
  };
}

async function computeTiles(run: Run): Promise<void> {
  const { begun: { request, plan, device, output: { array, tilesDone: done } }, engine, options, progress, tally } =
    run;
  const tell = teller(run);
  await engine.fanOut("tiles", tileTasks({ plan, request, array, backend: device.backend, done }), {
    concurrency: plan.concurrency,
    smaller: (task) => smallerTile(plan, task),
    ...(options.signal ? { signal: options.signal } : {}),
    onReport: (tile) => {
      progress.tileDone();
      tally.add(tile);
      tell({ type: "tile", tile });
    },
    onRetry: (retry) => tell({ type: "retry", message: describeRetry(retry) }),
  });
}

function describeRetry({ index, attempt, message }: TileRetry): string {
  return `tile ${index} failed (attempt ${attempt}), trying again: ${message}`;
}

/** Compares the stitched output with boxes around places where tiles meet; undefined if there are none to compare. */
async function checkSeams(
  { request, plan, device, output: { array } }: BegunJob,
  engine: Engine,
  { signal }: RunJobOptions,
): Promise<SeamCertificate | undefined> {
  let [places, difference, peak] = [0, 0, 0];
  await engine.fanOut("seams", seamTasks({ plan, request, array, backend: device.backend }), {
    concurrency: plan.concurrency,
    smaller: (task) => smallerPlace(plan, task),
    ...(signal ? { signal } : {}),
    onReport: (report) => {
      places++;
      difference = Math.max(difference, report.largest);
      peak = Math.max(peak, report.peak);
    },
  });
  if (places === 0) return undefined;
  // Where all is dark, any difference at all is as large as can be.
  return { largest: difference === 0 ? 0 : peak === 0 ? 1 : difference / peak, places };
}

/** An output without a single tile is worth nothing and would be in the way; one with tiles is worth its time. */
async function cleanUp(error: ClearstackError, output: Output, progress: Progress): Promise<ClearstackError> {
  const { tilesDone, tiles } = progress;
  if (tilesDone === 0 && !output.resumed) {
    // What stopped the job is the news, also if the store it met then refuses to clean up.
    await output.discard().catch(() => {});
    return error;
  }
  const kept = `${tilesDone} of ${tiles} tiles are kept in ${output.url}: run the same job again to continue`;
  return new ClearstackError(error.kind, `${error.message}; ${kept}`, { cause: error });
}

/** Adds up the reports of one run. */
class Tally {
  #backend: Device["backend"];
  #adapter: string;
  #tilesComputed = 0;
  #kernelSeconds = 0;
  #bytesRead = 0;
  #bytesWritten = 0;

  constructor({ device }: PreparedJob) {
    this.#backend = device.backend;
    this.#adapter = device.adapter;
  }

  add(report: TileReport): void {
    this.#backend = report.backend;
    this.#adapter = report.adapter;
    this.#tilesComputed++;
    this.#kernelSeconds += report.kernelSeconds;
    this.#bytesRead += report.bytesRead;
    this.#bytesWritten += report.bytesWritten;
  }

  addPilot({ kernelSeconds, bytesRead }: PilotOutcome): void {
    this.#kernelSeconds += kernelSeconds;
    this.#bytesRead += bytesRead;
  }

  result({ decisions, ...plan }: Plan, output: string, seconds: number): JobResult {
    return {
      backend: this.#backend,
      adapter: this.#adapter,
      voxels: plan.voxels,
      tiles: plan.tiles,
      tilesComputed: this.#tilesComputed,
      iterations: decisions?.iterations ?? plan.algorithm.iterations,
      ...(decisions ? { decisions } : {}),
      seconds,
      kernelSeconds: this.#kernelSeconds,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      output,
    };
  }
}
