/** One run of a job on its way from a created output to a finished one: what its steps share. */
import type { Share } from "shared/contract/job_status.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { TileReport } from "shared/contract/tile.ts";
import type { Engine, TileRetry } from "shared/engine/engine.ts";
import { retryMessage } from "shared/engine/retry.ts";
import type { Output } from "shared/image/output/ome_output.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import type { PreparedJob } from "../plan/prepare_job.ts";
import type { Progress } from "./progress.ts";
import type { TilesUnderWay } from "./tiles_under_way.ts";
import type { Totals } from "./totals.ts";

/** Progress of a running job. */
export interface JobProgress {
  readonly type: "status" | "tile" | "retry";
  readonly planHash: string;
  readonly tiles: number;
  readonly tilesDone: number;
  readonly tilesResumed: number;
  readonly etaSeconds?: number;
  /** Tiles that are handed out and not done. */
  readonly underWay: readonly number[];
  /** With type `tile`. */
  readonly tile?: TileReport;
  /** One line: with type `retry` what failed, with type `status` what the user should know. */
  readonly message?: string;
}

/** Options of a run. */
export interface RunJobOptions {
  /** @default {all tiles} */
  readonly share?: Share;
  /** Cancels: tiles in flight are stopped and waited for; finished ones are kept. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
}

/** A job whose output is there, so that nobody else can take its place. */
export interface BegunJob extends PreparedJob {
  readonly request: JobRequest;
  /** What the stores of the job see of the world. */
  readonly environment: StoreEnvironment;
  readonly output: Output;
  /** TIFF to make of the output once it is finished, which `request` no longer tells. */
  readonly tiff?: string;
  /** Seconds it took to get so far. */
  readonly beginSeconds: number;
}

/** State that the steps of a run share. */
export interface JobRun {
  readonly begun: BegunJob;
  /** The job's, with everything decided that has been so far. */
  readonly plan: Plan;
  readonly engine: Engine;
  readonly options: RunJobOptions;
  readonly progress: Progress;
  readonly underWay: TilesUnderWay;
  readonly tally: Totals;
}

/** Passes news on together with where the job stands. */
export function tell(
  { plan, options, progress, underWay }: JobRun,
  news: Pick<JobProgress, "type" | "tile" | "message">,
): void {
  const { tiles, tilesDone, tilesResumed, etaSeconds } = progress;
  const eta = etaSeconds === undefined ? {} : { etaSeconds };
  options.onProgress?.({
    ...news,
    planHash: plan.planHash,
    tiles,
    tilesDone,
    tilesResumed,
    underWay: underWay.indices,
    ...eta,
  });
}

/** Tells that a task is tried again; `what` names it, such as `tile`. */
export function tellRetry(run: JobRun, what: string, retry: TileRetry): void {
  tell(run, { type: "retry", message: retryMessage(what, retry) });
}

/** True if a tile is among those of a share; of all, where there are no shares. */
export function isOwnTile(share: Share | undefined, index: number): boolean {
  return share === undefined || index % share.of === share.index;
}

/** The signal of a run, as fan-outs take it. */
export function signalOf({ options: { signal } }: JobRun): { readonly signal?: AbortSignal } {
  return signal ? { signal } : {};
}
