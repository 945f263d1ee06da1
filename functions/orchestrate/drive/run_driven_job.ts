/** The run of a job that this process drives: from what is stored of it to the status with which it ends. */
import type { JobStatus } from "shared/contract/job_status.ts";
import { withOrigin } from "shared/engine/with_origin.ts";
import { channelAt } from "shared/volume/channels.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import type { Log } from "shared/telemetry/log.ts";
import { continueTrace, withSpan } from "shared/telemetry/span.ts";
import type { DrivenJob } from "./driven_job.ts";
import { type JobPatience, withPatience } from "./job_patience.ts";
import type { BegunJob, JobProgress } from "../run/job_run.ts";
import type { Throughput } from "../plan/throughput.ts";
import { beginJob, completeJob, type JobDeps } from "../run/run_job.ts";
import type { JobEncryption } from "../jobs/encryption.ts";

/** While tiles finish, the status is written at most this often: it only matters to those who ask another process. */
const SAVE_INTERVAL_MS = 2000;

interface RunDrivenJobOptions {
  readonly deps: JobDeps;
  readonly seal: JobEncryption;
  readonly throughput: Throughput;
  /** Writes the status down. */
  readonly save: () => void;
  readonly log: Log;
  /** Stores of the job that are away are waited for so long, milliseconds. */
  readonly awayMs: number;
}

/**
 * Runs the job and tells of its progress.
 *
 * @returns what changes in its status with its end
 * @throws {ClearstackError} what stopped it
 */
export function runDrivenJob(job: DrivenJob, options: RunDrivenJobOptions): Promise<Partial<JobStatus>> {
  const about = { "clearstack.job": job.id };
  return continueTrace(job.record.trace, () => withSpan("job", about, () => runInTrace(job, options)));
}

async function runInTrace(job: DrivenJob, options: RunDrivenJobOptions): Promise<Partial<JobStatus>> {
  const { deps, throughput, save, log } = options;
  if (job.prepared) bePatient(job.prepared.patience, job, options);
  const begun = guarded(job, job.prepared?.begun ?? await resume(job, options));
  const before = job.status.deviceSeconds;
  let [seconds, lastSaved] = [0, 0];
  /** Of the boxes of each channel. */
  const voxels = new Map<number, number>();
  let later: ReturnType<typeof setTimeout> | undefined;
  const saveNow = () => {
    [later, lastSaved] = [undefined, Date.now()];
    save();
  };
  function onProgress({ type, tile, message, underWay, ...counts }: JobProgress): void {
    job.underWay = underWay;
    if (tile) {
      seconds += tile.kernelSeconds;
      const { box, outer } = tileAt(begun.plan, tile.index);
      const channel = channelAt(begun.plan.source, outer);
      voxels.set(channel, (voxels.get(channel) ?? 0) + voxelCount(box.shape));
    }
    if (type === "retry" && message && !deps.engine.logsRetries) log(message, { level: "warn", job: job.id });
    const change = { ...counts, deviceSeconds: before + seconds, ...throughput.cost(before + seconds) };
    job.change(change, { type, underWay, ...(tile ? { tile } : {}), ...(message ? { message } : {}) });
    later ??= setTimeout(saveNow, Math.max(0, lastSaved + SAVE_INTERVAL_MS - Date.now()));
  }
  const { request: { priority }, owner } = job.status;
  const engine = withOrigin(deps.engine, { run: job.id, priority, ...(owner === undefined ? {} : { owner }) });
  const result = await completeJob(begun, engine, { signal: job.stop.signal, onProgress })
    .finally(() => clearTimeout(later));
  void deps.deviceUsed?.(job.status.request.backend);
  const { iterations, decisions } = result;
  const ofChannels = [...voxels].map(([channel, count]) =>
    count * (decisions?.channels?.[channel]?.iterations ?? iterations)
  );
  const work = ofChannels.reduce((sum, one) => sum + one, 0);
  // A throughput that is not learned is no reason to fail a job that is done.
  await throughput.learn(result.adapter, work, seconds).catch(() => {});
  const deviceSeconds = before + result.kernelSeconds;
  const { warnings } = result;
  return { state: "done", result, ...(warnings ? { warnings } : {}), deviceSeconds, ...throughput.cost(deviceSeconds) };
}

/** A job that an earlier process prepared goes on where it stopped, even if it was asked to overwrite: that is done. */
async function resume(job: DrivenJob, options: RunDrivenJobOptions): Promise<BegunJob> {
  const { deps, seal } = options;
  const { environment, patience } = withPatience(deps.environment);
  bePatient(patience, job, options);
  const request = await seal.open(job.id, job.record.request);
  const output = { ...request.output, ifExists: "resume" as const };
  // Whoever submitted it was allowed to.
  const claimant = { owner: job.status.owner, admin: true };
  const world = { ...deps, environment };
  return await beginJob({ ...request, output }, world, { signal: job.stop.signal, claimant });
}

/** From now on the stores of the job are waited for, which the log and the status say whenever it happens. */
function bePatient(patience: JobPatience, job: DrivenJob, { awayMs, save, log }: RunDrivenJobOptions): void {
  patience.awayMs = awayMs;
  patience.onAway = (message) => {
    const told = `waiting for the store: ${message}`;
    log(told, { level: "warn", job: job.id });
    job.change({}, { type: "retry", message: told });
    save();
  };
}

/** A run that has lost its job must not remove what the one that took over writes. */
function guarded(job: DrivenJob, begun: BegunJob): BegunJob {
  const { output } = begun;
  return { ...begun, output: { ...output, discard: () => job.lost ? Promise.resolve() : output.discard() } };
}
