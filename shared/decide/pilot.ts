/**
 * Decides what holds for the whole image before the first tile: the background, the scale and by its noise the number of iterations
 * of each channel from a sample of its voxels, or the number of iterations of all channels from a sample of tiles that are run to
 * the most iterations allowed, and the range of integers that are stored from a sample of tiles that are run to the end.
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
import { NoiseDecider } from "./noise_decider.ts";
import { notFiniteError } from "shared/image/read/not_finite.ts";
import { sampleVoxels } from "shared/image/read/sample_voxels.ts";
import { positionAt } from "shared/volume/position.ts";
import { volumeCount, volumeGrid } from "shared/volume/volumes.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { chooseIterations, sumMeasurements } from "shared/decide/stop_rule.ts";
import { automaticRange, needsRange } from "shared/plan/output_intensity.ts";
import { needsPilot, voxelOffset } from "shared/plan/tile_algorithm.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { stratifiedPicks } from "shared/decide/stratified.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import type { Device } from "shared/contract/device.ts";
import { smallerPilot } from "shared/engine/split_task.ts";
import { boxTask } from "shared/engine/tile_tasks.ts";

/** Tiles that are run to find the number of iterations, or the range. */
const PILOT_TILES = 8;

/** Channels that are looked at for the range, where there are more of them than tiles that are run otherwise. */
const MAX_CHANNELS = 32;

/** Share of the photons that are held out: few, so that the other iterations are as many as all photons bear. */
const HELD_OUT_FRACTION = 0.1;

/** Most measurements of a tile. */
const MEASUREMENTS = 1000;

/** With stop `divergence`; see docs/algorithms.md for where it leads. */
const DEFAULT_TOLERANCE = 0.0005;

/** Tells the picks of tiles from other picks of the same seed. */
const TILE_STREAM = 2 ** 31;
const RANGE_STREAM = TILE_STREAM + 1;

/** Decisions, the samples behind them, and their cost. */
export interface PilotOutcome {
  readonly decisions: Decisions;
  /** Sums over the tiles that were run to find the number of iterations; empty where the request says it. */
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
  { plan, device }: { readonly plan: Plan; readonly device: Device },
  request: JobRequest,
  engine: Engine,
  options: PilotOptions,
): Promise<PilotOutcome> {
  // What nobody needs is not decided: the scale of the image would change the last bits of its voxels.
  const sample = needsPilot(plan.algorithm)
    ? await decideChannels(plan, request, options)
    : { channels: [], iterations: plan.algorithm.iterations, bytesRead: 0 };
  const { iterations, reason, channels: [first, ...others] } = sample;
  const { iterations: _, ...only } = first ?? {};
  const decisions: Decisions = {
    iterations,
    ...(reason === undefined ? {} : { reason }),
    ...(others.length === 0 ? only : { channels: sample.channels }),
  };
  const run = (tasks: readonly PilotTask[], why: string) => measureTiles(tasks, { plan, engine, why }, options);
  const decided = { decisions, measurements: [], kernelSeconds: 0, bytesRead: sample.bytesRead };
  const spareBytes = Math.min(request.memoryBytes ?? Infinity, device.hostBytes) - plan.hostBytes;
  const pilot = { plan, request, backend: device.backend, spareBytes, run, tell: options.tell };
  return await decideRange(await decideIterations(decided, pilot), pilot);
}

/** What deciding by tiles takes. */
interface PilotRun {
  /** The plan, with nothing decided. */
  readonly plan: Plan;
  readonly request: JobRequest;
  readonly backend: PilotTask["backend"];
  /** Memory of one process beside what the plan takes. */
  readonly spareBytes: number;
  readonly run: (tasks: readonly PilotTask[], why: string) => Promise<PilotReport[]>;
  readonly tell: PilotOptions["tell"];
}

/** Adds the number of iterations, where a rule decides it. */
async function decideIterations(decided: PilotOutcome, { plan, request, backend, run, tell }: PilotRun) {
  const { stop, iterations: most, stopTolerance: tolerance = DEFAULT_TOLERANCE } = plan.algorithm;
  if (stop === "fixed" || stop === "noise") return decided;
  const tasks = stopTasks({ ...plan, decisions: decided.decisions }, request, backend);
  const reports = await run(tasks, "the number of iterations");
  const measurements = sumMeasurements(reports.map((report) => report.measurements));
  const stopped = chooseIterations(measurements, { stop, tolerance, most });
  tell(`${counted(stopped.iterations, "iteration")}: ${stopped.reason}`);
  return withCost({ ...decided, decisions: { ...decided.decisions, ...stopped }, measurements }, reports);
}

/** Adds the range of the integers of the output, where it is automatic, by what becomes of some tiles of each channel. */
async function decideRange(decided: PilotOutcome, { plan, request, backend, spareBytes, run, tell }: PilotRun) {
  if (!needsRange(plan)) return decided;
  const tasks = keptTasks(rangeTasks({ ...plan, decisions: decided.decisions }, request, backend), spareBytes);
  const reports = await run(tasks, `the range of ${plan.outputDtype}`);
  const largest = reports.reduce((most, report) => Math.max(most, report.largest), 0);
  const range = automaticRange(largest, plan.outputDtype);
  tell(`the range of ${plan.outputDtype} is ${range.map((bound) => Number(bound.toPrecision(4))).join(" to ")}`);
  return withCost({ ...decided, decisions: { ...decided.decisions, range } }, reports);
}

function withCost(decided: PilotOutcome, reports: readonly PilotReport[]): PilotOutcome {
  return {
    ...decided,
    kernelSeconds: reports.reduce((sum, report) => sum + report.kernelSeconds, decided.kernelSeconds),
    bytesRead: reports.reduce((sum, report) => sum + report.bytesRead, decided.bytesRead),
  };
}

/** What a sample of the voxels of each channel tells. */
interface SampleOutcome {
  readonly channels: ChannelDecisions[];
  /** The most of any channel. */
  readonly iterations: number;
  readonly reason?: string;
  readonly bytesRead: number;
}

/** Statistics of a sample of the voxels of each channel. */
async function decideChannels(plan: Plan, request: JobRequest, options: PilotOptions): Promise<SampleOutcome> {
  const { source, algorithm } = plan;
  const { environment, signal, tell } = options;
  const image = await reopenImage(source, { environment, signal });
  const count = channelCount(source);
  const channels: ChannelDecisions[] = [];
  const byNoise = algorithm.stop === "noise" ? new NoiseDecider({ plan, request, image }, options) : undefined;
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
    const mean = meanCount(counts);
    const iterations = await byNoise?.decide(channel, sample.bright);
    channels.push({
      ...(iterations === undefined ? {} : { iterations }),
      background,
      ...(scale > 0 && Number.isFinite(scale) ? { scale } : {}),
      // What starts from 0 stays there: where the sample is dark, boxes that are not start from their own mean.
      ...(algorithm.boundary === "non-circulant" && mean > 0 ? { mean } : {}),
    });
    bytesRead += sample.bytesRead;
    if (algorithm.background !== "auto") continue;
    const which = count === 1 ? "" : ` of channel ${channelLabel(source, channel)}`;
    tell(`the background${which} is ${Number(background.toPrecision(4))}`);
  }
  if (byNoise === undefined) return { channels, iterations: algorithm.iterations, bytesRead };
  const { iterations, reason } = byNoise.outcome();
  tell(`${counted(iterations, "iteration")}: ${reason}`);
  return { channels, iterations, reason, bytesRead: bytesRead + byNoise.bytesRead };
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
function stopTasks(plan: Plan, request: JobRequest, backend: PilotTask["backend"]): PilotTask[] {
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

/** Tasks of a sample of tiles of each channel: what is bright in one may be dark in the others. */
function rangeTasks(plan: Plan, request: JobRequest, backend: PilotTask["backend"]): PilotTask[] {
  const { seed } = plan.algorithm;
  const channels = channelCount(plan.source);
  const looked = stratifiedPicks(channels, MAX_CHANNELS, { seed, stream: RANGE_STREAM });
  const tilesOfVolume = voxelCount(plan.grid);
  return looked.flatMap((channel) => {
    const count = Math.max(1, Math.floor(PILOT_TILES / channels));
    return stratifiedPicks(plan.tiles / channels, count, { seed, stream: RANGE_STREAM + 1 + channel }).map((pick) => {
      // Channels follow each other within a time point.
      const volume = Math.floor(pick / tilesOfVolume) * channels + channel;
      return boxTask({ plan, request, backend }, tileAt(plan, volume * tilesOfVolume + pick % tilesOfVolume));
    });
  });
}

/** Has as many tiles kept as there is memory for in one process, should it run all of them: they are computed as they will be written. */
function keptTasks(tasks: readonly PilotTask[], spareBytes: number): PilotTask[] {
  let left = spareBytes;
  return tasks.map((task) => {
    const bytes = Float32Array.BYTES_PER_ELEMENT * voxelCount(task.tile.core.shape);
    if (bytes > left) return task;
    left -= bytes;
    return { ...task, keep: true };
  });
}

interface MeasureOptions {
  readonly plan: Plan;
  readonly engine: Engine;
  /** What the tiles are run to find. */
  readonly why: string;
}

/** Reports in the order of the tasks: sums of floats depend on it. */
async function measureTiles(
  tasks: readonly PilotTask[],
  { plan, engine, why }: MeasureOptions,
  { signal, onRetry, tell }: PilotOptions,
): Promise<PilotReport[]> {
  tell(`running ${counted(tasks.length, "tile")} to find ${why}`);
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
