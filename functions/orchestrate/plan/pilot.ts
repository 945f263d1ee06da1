/**
 * Decides what holds for the whole image before the first tile: the background and the scale of each channel from a sample
 * of its voxels, the number of iterations of all channels from a sample of tiles that are run to the most iterations allowed.
 * Deciding it tile by tile would make seams. The samples depend on the request and the plan alone, so that the same job decides the same.
 */
import { counted } from "shared/counted.ts";
import type { ChannelDecisions, Decisions } from "shared/contract/decisions.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Measurement, PilotReport, PilotTask } from "shared/contract/pilot.ts";
import type { Plan } from "shared/contract/plan.ts";
import { channelAt, channelCount, channelLabel } from "shared/volume/channels.ts";
import { estimateBackground } from "shared/decide/background.ts";
import type { Engine, TileRetry } from "shared/engine/engine.ts";
import type { Image } from "shared/image/image.ts";
import { reopenImage } from "shared/image/open_image.ts";
import { notFiniteError } from "shared/image/read/not_finite.ts";
import { sampleVoxels } from "shared/image/read/sample_voxels.ts";
import { positionAt } from "shared/volume/position.ts";
import { volumeCount, volumeGrid } from "shared/volume/volumes.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { chooseIterations, sumMeasurements } from "shared/decide/stop_rule.ts";
import { voxelOffset } from "shared/plan/tile_algorithm.ts";
import { stratifiedPicks } from "shared/decide/stratified.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import type { PreparedJob } from "./prepare_job.ts";
import { smallerPilot } from "../run/split_task.ts";
import { boxTask } from "../run/tile_tasks.ts";

/** Tiles that are run to find the number of iterations. */
const PILOT_TILES = 8;

/** Share of the photons that are held out: few, so that the other iterations are as many as all photons bear. */
const HELD_OUT_FRACTION = 0.1;

/** Most measurements of a tile. */
const MEASUREMENTS = 1000;

/** With stop `divergence`; see docs/algorithms.md for where it leads. */
const DEFAULT_TOLERANCE = 0.0005;

/** Tells the picks of tiles from other picks of the same seed. */
const TILE_STREAM = 2 ** 31;

/** Decisions, the samples behind them, and their cost. */
export interface PilotOutcome {
  readonly decisions: Decisions;
  /** Sums over the sampled tiles; empty where the request says how many iterations. */
  readonly measurements: readonly Measurement[];
  readonly kernelSeconds: number;
  readonly bytesRead: number;
}

interface PilotOptions extends StoreAccess {
  readonly onRetry: (retry: TileRetry) => void;
  /** Told what is being done, one line at a time. */
  readonly tell: (message: string) => void;
}

/**
 * Decides everything that the request leaves open.
 *
 * @throws {ClearstackError} what reading or computing throws, or `cancelled`
 */
export async function runPilot(
  { plan, device }: Pick<PreparedJob, "plan" | "device">,
  request: JobRequest,
  engine: Engine,
  options: PilotOptions,
): Promise<PilotOutcome> {
  const { algorithm } = plan;
  const { channels, bytesRead } = await decideChannels(plan, options);
  const known: Decisions = {
    iterations: algorithm.iterations,
    ...(channels.length === 1 ? channels[0]! : { channels }),
  };
  if (algorithm.stop === "fixed") {
    return { decisions: known, measurements: [], kernelSeconds: 0, bytesRead };
  }
  const reports = await measureTiles(
    pilotTasks({ ...plan, decisions: known }, request, device.backend),
    plan,
    engine,
    options,
  );
  const measurements = sumMeasurements(reports.map((report) => report.measurements));
  const { stop, iterations: most, stopTolerance: tolerance = DEFAULT_TOLERANCE } = algorithm;
  const stopped = chooseIterations(measurements, { stop, tolerance, most });
  options.tell(`${counted(stopped.iterations, "iteration")}: ${stopped.reason}`);
  return {
    decisions: { ...known, ...stopped },
    measurements,
    kernelSeconds: reports.reduce((sum, report) => sum + report.kernelSeconds, 0),
    bytesRead: reports.reduce((sum, report) => sum + report.bytesRead, bytesRead),
  };
}

/** Statistics of a sample of the voxels of each channel. */
async function decideChannels({ source, algorithm }: Plan, { environment, signal, tell }: PilotOptions) {
  const image = await reopenImage(source, { environment, signal });
  const count = channelCount(source);
  const channels: ChannelDecisions[] = [];
  let bytesRead = 0;
  for (let channel = 0; channel < count; channel++) {
    const sample = await sampleVoxels(image, { seed: algorithm.seed, channel, exact: true, signal });
    if (!sample.values.every(Number.isFinite)) await refuseNotFinite(image, channel, signal);
    const signed = /^int/.test(source.dtype);
    const background = algorithm.background === "auto"
      ? estimateBackground(sample.values, { signed })
      : algorithm.background;
    const offset = voxelOffset(background);
    const counts = Float32Array.from(sample.values, (value) => value + offset);
    const scale = counts.reduce((most, value) => Math.max(most, value), 0);
    channels.push({
      background,
      ...(scale > 0 && Number.isFinite(scale) ? { scale } : {}),
      ...(algorithm.boundary === "non-circulant" ? { mean: meanCount(counts) } : {}),
    });
    bytesRead += sample.bytesRead;
    if (algorithm.background !== "auto") continue;
    const which = count === 1 ? "" : ` of channel ${channelLabel(source, channel)}`;
    tell(`the background${which} is ${Number(background.toPrecision(4))}`);
  }
  return { channels, bytesRead };
}

/** Names a voxel that the sample of a channel holds, looking through its volumes in turn. */
async function refuseNotFinite(image: Image, channel: number, signal: AbortSignal | undefined): Promise<void> {
  for (let volume = 0; volume < volumeCount(image.info); volume++) {
    const outer = positionAt(volume, volumeGrid(image.info));
    if (channelAt(image.info, outer) !== channel) continue;
    const named = await notFiniteError(image, { outer, signal });
    if (named !== undefined) throw named;
  }
}

/** Mean of a sample, negative values as 0, as the kernels count them; 0 if the sample holds what they refuse. */
function meanCount(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + Math.max(value, 0), 0) / values.length;
  return Number.isFinite(mean) ? mean : 0;
}

/** Tasks of a sample of tiles, spread evenly over all volumes. */
function pilotTasks(plan: Plan, request: JobRequest, backend: PilotTask["backend"]): PilotTask[] {
  const { stop, seed, iterations, photonsPerUnit = 1 } = plan.algorithm;
  const measureEvery = Math.ceil(iterations / MEASUREMENTS);
  return stratifiedPicks(plan.tiles, PILOT_TILES, { seed, stream: TILE_STREAM }).map((index) => {
    const task = boxTask({ plan, request, backend }, tileAt(plan, index));
    return {
      ...task,
      // One more than are allowed: an estimate is measured by the iteration that follows it.
      algorithm: { ...task.algorithm, iterations: iterations + 1 },
      measureEvery,
      ...(stop === "held-out" ? { heldOut: { fraction: HELD_OUT_FRACTION, seed, photonsPerUnit } } : {}),
    };
  });
}

/** Reports in the order of the tasks: sums of floats depend on it. */
async function measureTiles(
  tasks: readonly PilotTask[],
  plan: Plan,
  engine: Engine,
  { signal, onRetry, tell }: PilotOptions,
): Promise<PilotReport[]> {
  tell(`running ${counted(tasks.length, "tile")} to find the number of iterations`);
  const reports = new Map<number, PilotReport>();
  await engine.fanOut("pilots", tasks, {
    concurrency: plan.concurrency,
    smaller: (task) => smallerPilot(plan, task),
    ...(signal ? { signal } : {}),
    onReport: (report) => void reports.set(report.index, report),
    onRetry,
  });
  return tasks.map(({ tile }) => reports.get(tile.index)!);
}
