/** The steps of a run that compute: what is decided for the whole image, the tiles, and how well they meet. */
import type { Share } from "shared/contract/job_status.ts";
import { channelAt, channelCount } from "shared/volume/channels.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { Warning } from "shared/contract/problem.ts";
import { type EmptyCertificate, FLAT, type SeamCertificate } from "shared/contract/seam.ts";
import { recordedBelow, recordedBrightest, recordedClipping } from "shared/image/output/tile_records.ts";
import { clippingWarnings } from "shared/plan/output_intensity.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { decidedPlan, leavesOpen, needsPilot, voxelOffset } from "shared/plan/tile_algorithm.ts";
import { openStore } from "shared/storage/open_store.ts";
import { JOBS } from "shared/telemetry/metrics.ts";
import { isOwnTile, type JobRun, signalOf, tell, tellRetry } from "./job_run.ts";
import { runPilot } from "shared/decide/pilot.ts";
import { emptyTask, relativeDifference } from "./empty_tiles.ts";
import { type ComparedPlace, seamCertificate } from "./seam_certificate.ts";
import { seamTasks } from "./seam_tasks.ts";
import { smallerPlace, smallerTile } from "shared/engine/split_task.ts";
import { tileTasks } from "shared/engine/tile_tasks.ts";

/** The plan with everything decided, by this run or an earlier one. */
export async function decide(run: JobRun): Promise<Plan> {
  const { begun: { request, environment, device, output }, plan, engine, options, tally } = run;
  tell(run, { type: "status" });
  tellWarnings(run, plan.warnings);
  if (!leavesOpen(plan)) return plan;
  const pilot = await runPilot({ plan, device }, request, engine, {
    environment,
    signal: options.signal,
    onRetry: (retry) => tellRetry(run, "tile", retry),
    tell: (message) => tell(run, { type: "status", message }),
  });
  tally.addPilot(pilot);
  return decidedPlan(plan, await output.decide(pilot.decisions, pilot.measurements));
}

/** Tiles that are not this run's to compute: finished ones, and those of other shares. */
function leftOut(done: ReadonlySet<number>, share: Share | undefined): Pick<ReadonlySet<number>, "has"> {
  if (share === undefined) return done;
  return { has: (index) => !isOwnTile(share, index) || done.has(index) };
}

/** @returns the plan, with what the values of the tiles tell of the image */
export async function computeTiles(run: JobRun): Promise<Plan> {
  const { begun, plan, engine, progress, underWay, tally } = run;
  const { request, device, output: { run: outputRun, tilesDone } } = begun;
  const done = leftOut(tilesDone, run.options.share);
  const tasks = tileTasks({ plan, request, run: outputRun, backend: device.backend, done });
  await engine.fanOut("tiles", underWay.watch(tasks, () => tell(run, { type: "status" })), {
    concurrency: plan.concurrency,
    smaller: (task) => smallerTile(plan, task),
    ...signalOf(run),
    onReport: (tile) => {
      progress.tileDone();
      underWay.end(tile.index);
      tally.addTile(tile, channelAt(plan.source, tileAt(plan, tile.index).outer));
      tally.empty.add(tile, plan.planHash);
      tell(run, { type: "tile", tile });
    },
    onRetry: (retry) => tellRetry(run, "tile", retry),
  });
  const warnings = [...plan.warnings, ...tally.imageWarnings(plan)];
  tellWarnings(run, warnings.slice(plan.warnings.length));
  return { ...plan, warnings };
}

/**
 * Adds up what the range of integers did not hold of all tiles, once they are there, whoever computed them.
 *
 * @returns the run, its plan with a warning where that is much
 */
export async function countClipped(run: JobRun): Promise<JobRun> {
  const { plan, tally } = run;
  if (plan.outputDtype === "float32") return run;
  const clipping = await recordedClipping(...recordsOf(run), signalOf(run));
  tally.clipping = clipping;
  const warnings = clippingWarnings(clipping, plan);
  tellWarnings(run, warnings);
  return { ...run, plan: { ...plan, warnings: [...plan.warnings, ...warnings] } };
}

/** Where the records of all tiles are, whoever computed them. */
function recordsOf({ begun: { request, environment, output }, plan }: JobRun) {
  return [openStore(request.output.url, { environment }), { planHash: plan.planHash, run: output.run }] as const;
}

function tellWarnings(run: JobRun, warnings: readonly Warning[]): void {
  for (const { level, message } of warnings) tell(run, { type: "status", message: `${level}: ${message}` });
}

/** Compares the stitched output with boxes around places where tiles meet; undefined if there are none to compare. */
export async function checkSeams(run: JobRun): Promise<SeamCertificate | undefined> {
  const { begun: { request, device, output: { run: outputRun } }, plan, engine } = run;
  const noisy = plan.algorithm.emptyBelow === undefined
    ? new Set<number>()
    : await recordedBelow(...recordsOf(run), signalOf(run));
  const tasks = [...seamTasks({ plan, request, run: outputRun, backend: device.backend, noisy })];
  const dark = tasks.length === 0 ? new Map<number, number>() : await darkPeaks(run);
  const places: ComparedPlace[] = [];
  await engine.fanOut("seams", tasks, {
    concurrency: plan.concurrency,
    smaller: (task) => smallerPlace(plan, task),
    ...signalOf(run),
    onRetry: (retry) => tellRetry(run, "seam", retry),
    onReport: ({ index, largest, peak }) => {
      const channel = channelAt(plan.source, tasks[index]!.tile.outer);
      places.push({ channel, largest, peak: Math.max(peak, dark.get(channel) ?? 0) });
    },
  });
  const certificate = seamCertificate(places);
  if (certificate) JOBS.seamDifference.observe(certificate.largest, {});
  return certificate;
}

/**
 * What counts as dark in channels of which the pilot's sample met no light, so that tasks cannot tell: a share of the brightest voxel
 * that any tile met.
 */
async function darkPeaks(run: JobRun): Promise<ReadonlyMap<number, number>> {
  const { plan } = run;
  const { source, algorithm, decisions } = plan;
  const ofChannel = (channel: number) => decisions?.channels?.[channel] ?? decisions;
  const all = Array.from({ length: channelCount(source) }, (_, channel) => channel);
  if (!needsPilot(algorithm) || all.every((channel) => ofChannel(channel)?.scale !== undefined)) return new Map();
  const brightest = await recordedBrightest(...recordsOf(run), {
    ...signalOf(run),
    channelOf: (index) => channelAt(source, tileAt(plan, index).outer),
  });
  return new Map([...brightest].map(([channel, value]) => {
    const offset = voxelOffset(ofChannel(channel)?.background ?? algorithm.background);
    return [channel, FLAT * Math.max(0, value + offset)];
  }));
}

/** Computes places in tiles that were left as they are; undefined if there are none. */
export async function checkEmpty(run: JobRun): Promise<EmptyCertificate | undefined> {
  const { begun: { request, device, output: { run: outputRun } }, plan, engine, tally } = run;
  const tasks = tally.empty.sample(request).map((index) =>
    emptyTask({ plan, request, run: outputRun, backend: device.backend }, index)
  );
  const byIndex = new Map(tasks.map((task) => [task.tile.index, task]));
  const differences: number[] = [];
  await engine.fanOut("seams", tasks, {
    concurrency: plan.concurrency,
    smaller: () => undefined,
    ...signalOf(run),
    onRetry: (retry) => tellRetry(run, "empty tile", retry),
    onReport: (report) => void differences.push(relativeDifference(plan, byIndex.get(report.index)!, report)),
  });
  return tally.empty.certificate(differences);
}
