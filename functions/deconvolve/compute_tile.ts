/**
 * One tile from source to output: read its box, deconvolve, write whole stored objects, leave a record. The result
 * depends on the task alone, so it does not matter who computes it, or how often.
 */
import type { PilotReport, PilotTask } from "shared/contract/pilot.ts";
import type { SeamReport, SeamTask } from "shared/contract/seam.ts";
import type { TileReport, TileTask } from "shared/contract/tile.ts";
import type { DeconvolveKind, TaskFunctions } from "shared/engine/task_kinds.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { valueRange } from "shared/volume/value_range.ts";
import type { Written } from "shared/image/write/write_objects.ts";
import { writeTile, writeTileRecord } from "shared/image/write/write_tile.ts";
import { openCodecThreads } from "shared/codec/threads/codec_threads.ts";
import type { Attributes } from "shared/telemetry/span.ts";
import { withSpan } from "shared/telemetry/span.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { compareWithOutput } from "./compare_with_output.ts";
import { emptyReason } from "./tile/empty_box.ts";
import type { Kernels } from "./pool/deconvolver_pool.ts";
import { holdOut } from "./hold_out.ts";
import { boxPart, type BoxTask, measuringOptions } from "./tile/kernel_options.ts";
import { storedForm } from "./tile/stored_form.ts";
import { computeBox, computePieces, countValues, recallCore } from "./tile/compute_box.ts";
import { deconvolveBox } from "./tile/deconvolve_box.ts";
import { constantCounts, isLeft, leaveUnstored, leftValue } from "./tile/leave_unstored.ts";
import { chooseBackend, type Means, newMeans } from "./tile/means.ts";
import { readTile, unstoredTile } from "./tile/read_tile.ts";
import { leaveCoarser, writeCoarser } from "./tile/write_coarser.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";

/** Computes tiles in this process. Tiles overlap in reading and writing; one at a time is on the device. */
interface TileComputer extends TaskFunctions<DeconvolveKind> {
  /** Frees the device. */
  close(): Promise<void>;
}

/** Makes the computer of this process; one per process, as it takes the whole device. */
export function createTileComputer(kernels: Kernels, environment: StoreEnvironment): TileComputer {
  let codecThreads: ReturnType<typeof openCodecThreads> | undefined;
  const means = newMeans({ kernels, environment, openCodecThreads: () => void (codecThreads ??= openCodecThreads()) });
  return {
    tiles: (task, signal, onIterations) =>
      withSpan("tile", aboutBox(task), () => computeTile(task, { ...means, onIterations }, signal)),
    seams: (task, signal, onIterations) =>
      withSpan("seam", aboutBox(task), () => checkSeam(task, { ...means, onIterations }, signal)),
    pilots: (task, signal, onIterations) =>
      withSpan("pilot", aboutBox(task), () => measureTile(task, { ...means, onIterations }, signal)),
    close: async () => {
      await means.pool.close();
      means.kept.clear();
      codecThreads?.close();
      codecThreads = undefined;
    },
  };
}

function aboutBox({ tile: { index, box, outer } }: BoxTask): Attributes {
  return { "clearstack.task": index, "clearstack.box": [...box.shape], "clearstack.outer": [...outer] };
}

async function computeTile(task: TileTask, means: Means, signal: AbortSignal): Promise<TileReport> {
  using _memory = means.memory.use();
  const started = performance.now();
  const value = await unstoredTile(task, means, signal);
  const readSeconds = (performance.now() - started) / 1000;
  const { objects, ...report } = value !== undefined && isLeft(value, task)
    ? { ...await leaveTile(task, value, means, signal), readSeconds }
    : await computeStored(task, means, signal);
  const whole = { ...report, index: task.tile.index, seconds: (performance.now() - started) / 1000 };
  await writeTileRecord(task, { ...whole, objects }, means);
  return whole;
}

/** What became of a tile, but for its place and the time that all of it took. */
type TileOutcome = Omit<TileReport, "index" | "seconds"> & Pick<Written, "objects">;

/** A tile of whose box nothing is stored. */
async function leaveTile(
  task: TileTask,
  value: number,
  means: Means,
  signal: AbortSignal,
): Promise<Omit<TileOutcome, "readSeconds">> {
  const { backend, adapter } = await chooseBackend(task, means);
  const started = performance.now();
  const written = await leaveUnstored(value, task, { environment: means.environment, signal });
  if (written.bytesWritten === 0) await leaveCoarser(task, means, signal);
  return {
    ...{ backend, adapter, kernelSeconds: 0, bytesRead: 0, empty: "missing" },
    ...written,
    values: constantCounts(value, task),
    writeSeconds: (performance.now() - started) / 1000,
  };
}

async function computeStored(task: TileTask, means: Means, signal: AbortSignal): Promise<TileOutcome> {
  const { computed, ...computation } = task.pieces
    ? await computePieces(task, task.pieces, means, signal)
    : recallCore(task, means) ?? await computeBox(task, means, signal);
  const ended = performance.now();
  const stored = await storedForm(computed, task, means.memory);
  const written = await withSpan("encode and write", {}, async (span) => {
    const written = await writeTile(task, stored.values, { box: stored.box, environment: means.environment, signal });
    span.setAttribute("clearstack.bytes", written.bytesWritten);
    return written;
  });
  const coarserBytes = await writeCoarser(task, stored.values, means, signal);
  if (stored.values !== computed.values) means.memory.leave(stored.values);
  means.memory.leave(computed.values);
  return {
    ...computation,
    ...written,
    bytesWritten: written.bytesWritten + coarserBytes,
    writeSeconds: (performance.now() - ended) / 1000,
    ...(stored.clipping ? { clipping: stored.clipping } : {}),
    ...(task.pieces ? { pieces: task.pieces.length } : {}),
  };
}

async function checkSeam(task: SeamTask, means: Means, signal: AbortSignal): Promise<SeamReport> {
  using _memory = means.memory.use();
  return await compareWithOutput(task, await coreOf(task, means, signal), { environment: means.environment, signal });
}

/** What the core of a task is to be, in memory of its own. */
async function coreOf(task: SeamTask, means: Means, signal: AbortSignal): Promise<Float32Array> {
  const value = await unstoredTile(task, means, signal);
  if (value !== undefined && isLeft(value, task)) {
    return new Float32Array(voxelCount(task.tile.core.shape)).fill(leftValue(value, task));
  }
  const { computed } = await computeBox(task, means, signal);
  const core = computed.values.slice();
  means.memory.leave(computed.values);
  return core;
}

/** Runs a tile for what is measured on the way; what becomes of it is kept where the task says so, for when it is written. */
async function measureTile(task: PilotTask, means: Means, signal: AbortSignal): Promise<PilotReport> {
  using _memory = means.memory.use();
  const { values, bytesRead } = await readTile(task, means, signal);
  const { heldOut } = task;
  const split = heldOut && holdOut(values, { ...task, heldOut });
  if (split) means.memory.leave(values);
  const photons = split && { heldOut: { values: split.heldOut, ratio: split.ratio } };
  const result = await deconvolveBox(
    split ? { ...task, algorithm: split.algorithm } : task,
    split?.kept ?? values,
    means,
    { ...measuringOptions(task), ...photons, signal },
  );
  const core = result.estimate;
  const { largest } = valueRange(core);
  // A tile that is empty is not computed, so that there is nothing to keep.
  const keeps = task.keep && emptyReason(values, boxPart(task), task.algorithm) === undefined;
  if (keeps) {
    const { backend, adapter } = result;
    means.kept.keep(task, { core, backend, adapter, values: await countValues(task, values) });
  }
  if (split === undefined) means.memory.leave(values);
  for (const used of [keeps ? undefined : core, split?.kept, split?.heldOut]) {
    if (used) releaseMemory(used);
  }
  const { kernelSeconds, divergence = [] } = result;
  return { index: task.tile.index, kernelSeconds, bytesRead, measurements: [...divergence], largest: largest ?? 0 };
}
