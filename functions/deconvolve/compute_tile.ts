/**
 * One tile from source to output: read its box, deconvolve, crop, write whole stored objects, leave a record. The result
 * depends on the task alone, so it does not matter who computes it, or how often.
 */
import type { OnIterations, RunOptions, VoxelData } from "kernels/deconvolver.ts";
import type { PilotReport, PilotTask } from "shared/contract/pilot.ts";
import type { SeamReport, SeamTask } from "shared/contract/seam.ts";
import type { Piece, TileReport, TileTask } from "shared/contract/tile.ts";
import { countValues, joinCounts } from "shared/decide/value_counts.ts";
import type { DeconvolveKind, TaskFunctions } from "shared/engine/task_kinds.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { formatVec3, voxelCount } from "shared/volume/geometry.ts";
import { valueRange } from "shared/volume/value_range.ts";
import type { Image } from "shared/image/image.ts";
import { reopenImage } from "shared/image/open_image.ts";
import { notFiniteError } from "shared/image/read/not_finite.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { quantise } from "shared/image/write/quantise.ts";
import { writeTile, writeTileRecord } from "shared/image/write/write_tile.ts";
import { openCodecThreads } from "shared/codec/threads/codec_threads.ts";
import type { Attributes } from "shared/telemetry/span.ts";
import { withSpan } from "shared/telemetry/span.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { changed } from "shared/storage/unchanged.ts";
import { redactUrl } from "shared/storage/url.ts";
import type { Psf } from "shared/psf/fit_psf.ts";
import { computedName } from "shared/psf/generate/computed_psf.ts";
import { loadPsf } from "shared/psf/load_psf.ts";
import { compareWithOutput } from "./compare_with_output.ts";
import { cropCore } from "./crop_core.ts";
import type { ChosenDevice, Kernels, PoolResult } from "./deconvolver_pool.ts";
import { DeconvolverPool } from "./deconvolver_pool.ts";
import { holdOut } from "./hold_out.ts";
import type { BoxTask } from "./kernel_options.ts";
import { deconvolverOptions, measuringOptions, runOptions, taskDataType } from "./kernel_options.ts";
import type { StoreAccess, StoreEnvironment } from "shared/storage/store_environment.ts";
import { RecentCache } from "shared/process/recent_cache.ts";

/** Sources whose handles are kept; a process works on one job at a time, or on few. */
const KEPT_HANDLES = 4;

/** PSFs that are kept, which may be large: that of one channel, and that of the next while its first tiles overlap. */
const KEPT_PSFS = 2;

/** Computes tiles in this process. Tiles overlap in reading and writing; one at a time is on the device. */
interface TileComputer extends TaskFunctions<DeconvolveKind> {
  /** Frees the device. */
  close(): Promise<void>;
}

interface Means extends StoreAccess {
  readonly kernels: Kernels;
  /** Looking for a GPU takes a while and gives the same answer for every tile. */
  readonly backends: RecentCache<string, ChosenDevice>;
  readonly pool: DeconvolverPool;
  readonly images: RecentCache<string, Image>;
  readonly psfs: RecentCache<string, Psf>;
  /** Has what is read and written from now on encoded and decoded on threads. */
  readonly openCodecThreads: () => void;
  /** Told of the iterations of the task under way. */
  readonly onIterations?: OnIterations | undefined;
}

/** Makes the computer of this process; one per process, as it takes the whole device. */
export function createTileComputer(kernels: Kernels, environment: StoreEnvironment): TileComputer {
  const pool = new DeconvolverPool(kernels);
  let codecThreads: ReturnType<typeof openCodecThreads> | undefined;
  const means: Means = {
    kernels,
    environment,
    backends: new RecentCache(KEPT_HANDLES),
    pool,
    images: new RecentCache(KEPT_HANDLES),
    psfs: new RecentCache(KEPT_PSFS),
    openCodecThreads: () => codecThreads ??= openCodecThreads(),
  };
  return {
    tiles: (task, signal, onIterations) =>
      withSpan("tile", aboutBox(task), () => computeTile(task, { ...means, onIterations }, signal)),
    seams: (task, signal, onIterations) =>
      withSpan("seam", aboutBox(task), () => checkSeam(task, { ...means, onIterations }, signal)),
    pilots: (task, signal, onIterations) =>
      withSpan("pilot", aboutBox(task), () => measureTile(task, { ...means, onIterations }, signal)),
    close: async () => {
      await pool.close();
      codecThreads?.close();
      codecThreads = undefined;
    },
  };
}

function aboutBox({ tile: { index, box, outer } }: BoxTask): Attributes {
  return { "clearstack.task": index, "clearstack.box": [...box.shape], "clearstack.outer": [...outer] };
}

async function computeTile(task: TileTask, means: Means, signal: AbortSignal): Promise<TileReport> {
  const started = performance.now();
  const { core, ...computation } =
    await (task.pieces ? computePieces(task, task.pieces, means, signal) : computeCore(task, means, signal));
  const computed = performance.now();
  const stored = quantise(core, task.output);
  const { bytesWritten, objects } = await withSpan("encode and write", {}, async (span) => {
    const written = await writeTile(task, stored.values, { environment: means.environment, signal });
    span.setAttribute("clearstack.bytes", written.bytesWritten);
    return written;
  });
  for (const used of [core, stored.values]) releaseMemory(used);
  const report: TileReport = {
    index: task.tile.index,
    ...computation,
    seconds: (performance.now() - started) / 1000,
    writeSeconds: (performance.now() - computed) / 1000,
    bytesWritten,
    ...(stored.clipping ? { clipping: stored.clipping } : {}),
    ...(task.pieces ? { pieces: task.pieces.length } : {}),
  };
  await writeTileRecord(task, { ...report, objects }, means);
  return report;
}

/** Sum of the pieces of a tile. */
const SUMMED = ["readSeconds", "kernelSeconds", "bytesRead"] as const;

/** The core of a tile computed piece by piece. It is kept in memory until it is whole, since a piece may be part of a shard. */
async function computePieces(
  task: TileTask,
  [first, ...others]: readonly Piece[],
  means: Means,
  signal: AbortSignal,
): ReturnType<typeof computeCore> {
  const tileCore = { box: task.tile.core, values: new Float32Array(voxelCount(task.tile.core.shape)) };
  let ended = 0;
  const onIterations = (done: number) =>
    means.onIterations?.(Math.floor((ended * task.algorithm.iterations + done) / (others.length + 1)));
  const compute = async (piece: Piece) => {
    const computed = await computeCore(
      { ...task, tile: { ...task.tile, ...piece } },
      { ...means, onIterations },
      signal,
    );
    ended++;
    copyBox({ box: piece.core, values: computed.core }, tileCore);
    releaseMemory(computed.core);
    return computed;
  };
  const sum = { ...await compute(first!), core: tileCore.values };
  for (const piece of others) {
    const computed = await compute(piece);
    for (const part of SUMMED) sum[part] += computed[part];
    sum.values = joinCounts(sum.values, computed.values);
  }
  return sum;
}

async function checkSeam(task: SeamTask, means: Means, signal: AbortSignal): Promise<SeamReport> {
  const { core } = await computeCore(task, means, signal);
  const report = await compareWithOutput(task, core, { environment: means.environment, signal });
  releaseMemory(core);
  return report;
}

/** The core of a tile, which the caller owns, and what it took. */
async function computeCore(task: TileTask, means: Means, signal: AbortSignal) {
  const started = performance.now();
  const { values, bytesRead } = await readTile(task, means, signal);
  const counts = countValues(values, { ...task.tile, dtype: task.source.dtype, offset: task.algorithm.offset });
  const readSeconds = (performance.now() - started) / 1000;
  const { estimate, backend, adapter, kernelSeconds } = await deconvolveBox(task, values, means, { signal });
  const core = cropCore(estimate, task.tile);
  releaseMemory(values);
  releaseMemory(estimate);
  return { core, backend, adapter, readSeconds, kernelSeconds, bytesRead, values: counts };
}

/** Runs a tile and keeps what was measured on the way, not what became of the tile. */
async function measureTile(task: PilotTask, means: Means, signal: AbortSignal): Promise<PilotReport> {
  const { values, bytesRead } = await readTile(task, means, signal);
  const { heldOut } = task;
  const split = heldOut && holdOut(values, { ...task, heldOut });
  if (split) releaseMemory(values);
  const photons = split && { heldOut: { values: split.heldOut, ratio: split.ratio } };
  const result = await deconvolveBox(
    split ? { ...task, algorithm: split.algorithm } : task,
    split?.kept ?? values,
    means,
    { ...measuringOptions(task), ...photons, signal },
  );
  const core = cropCore(result.estimate, task.tile);
  const { largest } = valueRange(core);
  for (const used of [core, result.estimate, values, split?.kept, split?.heldOut]) if (used) releaseMemory(used);
  const { kernelSeconds, divergence = [] } = result;
  return { index: task.tile.index, kernelSeconds, bytesRead, measurements: [...divergence], largest: largest ?? 0 };
}

function sourceOf({ source }: BoxTask, { images, environment }: Means, signal: AbortSignal): Promise<Image> {
  return images.get(JSON.stringify(source), (signal) => reopenImage(source, { environment, signal }), signal);
}

async function readTile(task: BoxTask, means: Means, signal: AbortSignal) {
  const { tile, algorithm } = task;
  await chooseBackend(task, means);
  const image = await sourceOf(task, means, signal);
  return await withSpan("read", {}, async (span) => {
    const read = await readBox(image, {
      outer: tile.outer,
      box: tile.box,
      boundary: algorithm.boundary,
      repeated: task.repeated,
      boundaryValue: algorithm.boundaryValue,
      offset: algorithm.offset,
      dataType: taskDataType(task),
      signal,
    });
    span.setAttribute("clearstack.bytes", read.bytesRead);
    return read;
  });
}

/** Runs the box of a task; `options` are those that the task does not tell. */
async function deconvolveBox(
  task: BoxTask & Pick<PilotTask, "heldOut">,
  values: VoxelData,
  means: Means,
  options: Omit<RunOptions, "iterations" | "signal"> & { readonly signal: AbortSignal },
): Promise<PoolResult & Pick<ChosenDevice, "backend">> {
  const { tile, psfSha256 } = task;
  const { signal } = options;
  const { backend, boxesAtOnce } = await chooseBackend(task, means);
  const psf = await means.psfs.get(
    JSON.stringify([task.psf, psfSha256]),
    (signal) => loadSamePsf(task, { environment: means.environment, signal }),
    signal,
  );
  const wish = { ...deconvolverOptions(task), backend, boxesAtOnce, psfSha256, psf: psf.volume };
  try {
    return {
      backend,
      ...await means.pool.run(wish, values, {
        ...runOptions(task),
        ...options,
        onIterations: means.onIterations,
      }),
    };
  } catch (error) {
    if (!isClearstackError(error, "corrupt-data")) throw error;
    const named = await notFiniteError(await sourceOf(task, means, signal), { ...tile, signal });
    if (named !== undefined) throw Object.assign(named, { cause: error });
    const where = `in the tile at z,y,x ${formatVec3(tile.core.start)} of shape ${formatVec3(tile.core.shape)}`;
    throw new ClearstackError("corrupt-data", `${where}: ${error.message}`, { cause: error });
  }
}

/**
 * The backend of a task. A GPU must not wait for codecs, so they get threads; kernels on the CPU have all cores already, and threads
 * would only take memory.
 */
async function chooseBackend({ backend }: BoxTask, means: Means): Promise<ChosenDevice> {
  const chosen = await means.backends.get(backend, () => means.kernels.chooseBackend(backend));
  if (chosen.boxesAtOnce > 1) means.openCodecThreads();
  return chosen;
}

async function loadSamePsf(task: BoxTask, access: StoreAccess): Promise<Psf> {
  const psf = await loadPsf(task.psf, { fit: task.psfFit, ...access });
  if (psf.info.sha256 !== task.psfSha256) {
    const where = "optics" in task.psf ? computedName(task.psf.optics) : redactUrl(task.psf.url);
    throw changed(where, "as a PSF it has other values");
  }
  return psf;
}
