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
import { copyBox, partLayout } from "shared/volume/copy_box.ts";
import { formatVec3, voxelCount } from "shared/volume/geometry.ts";
import { valueRange } from "shared/volume/value_range.ts";
import type { Image } from "shared/image/image.ts";
import { reopenImage } from "shared/image/open_image.ts";
import { notFiniteError } from "shared/image/read/not_finite.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { writeTile, writeTileRecord } from "shared/image/write/write_tile.ts";
import { openCodecThreads } from "shared/codec/threads/codec_threads.ts";
import type { Attributes } from "shared/telemetry/span.ts";
import { withSpan } from "shared/telemetry/span.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { VoxelMemory } from "shared/process/voxel_memory.ts";
import { changed } from "shared/storage/unchanged.ts";
import { redactUrl } from "shared/storage/url.ts";
import type { Psf } from "shared/psf/fit_psf.ts";
import { computedName } from "shared/psf/generate/computed_psf.ts";
import { loadPsf } from "shared/psf/load_psf.ts";
import { compareWithOutput } from "./compare_with_output.ts";
import { cropCore } from "./crop_core.ts";
import type { ChosenDevice, Kernels, PoolResult } from "./deconvolver_pool.ts";
import { DeconvolverPool } from "./deconvolver_pool.ts";
import { emptyReason, leaveEmpty } from "./empty_box.ts";
import { assertFiniteCore } from "./finite_core.ts";
import { holdOut } from "./hold_out.ts";
import type { BoxTask } from "./kernel_options.ts";
import { boxPart, deconvolverOptions, measuringOptions, runOptions, taskDataType } from "./kernel_options.ts";
import { type ComputedBox, storedForm } from "./stored_form.ts";
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
  /** Of boxes and what is computed on them. */
  readonly memory: VoxelMemory;
  /** Has what is read and written from now on encoded and decoded on threads. */
  readonly openCodecThreads: () => void;
  /** Told of the iterations of the task under way. */
  readonly onIterations?: OnIterations | undefined;
}

/** Makes the computer of this process; one per process, as it takes the whole device. */
export function createTileComputer(kernels: Kernels, environment: StoreEnvironment): TileComputer {
  const pool = new DeconvolverPool(kernels);
  let codecThreads: ReturnType<typeof openCodecThreads> | undefined;
  const memory = new VoxelMemory();
  const means: Means = {
    kernels,
    environment,
    backends: new RecentCache(KEPT_HANDLES),
    pool,
    images: new RecentCache(KEPT_HANDLES),
    psfs: new RecentCache(KEPT_PSFS),
    memory,
    openCodecThreads: () => {
      codecThreads ??= openCodecThreads();
      memory.share();
    },
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
  using _memory = means.memory.use();
  const started = performance.now();
  const { computed, ...computation } =
    await (task.pieces ? computePieces(task, task.pieces, means, signal) : computeBox(task, means, signal));
  const ended = performance.now();
  const stored = storedForm(computed, task);
  const { bytesWritten, objects } = await withSpan("encode and write", {}, async (span) => {
    const written = await writeTile(task, stored.values, { box: stored.box, environment: means.environment, signal });
    span.setAttribute("clearstack.bytes", written.bytesWritten);
    return written;
  });
  if (stored.values !== computed.values) releaseMemory(stored.values);
  means.memory.leave(computed.values);
  const report: TileReport = {
    index: task.tile.index,
    ...computation,
    seconds: (performance.now() - started) / 1000,
    writeSeconds: (performance.now() - ended) / 1000,
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
): Promise<Computation> {
  const { core } = task.tile;
  const tileCore = { box: core, values: means.memory.take("float32", voxelCount(core.shape)) };
  let ended = 0;
  const onIterations = (done: number) =>
    means.onIterations?.(Math.floor((ended * task.algorithm.iterations + done) / (others.length + 1)));
  const compute = async (piece: Piece) => {
    const { computed: { values, box }, ...computation } = await computeBox(
      { ...task, tile: { ...task.tile, ...piece } },
      { ...means, onIterations },
      signal,
    );
    ended++;
    copyBox({ box: piece.core, values, ...partLayout(box, piece.core) }, tileCore);
    means.memory.leave(values);
    return computation;
  };
  // A tile that was empty would have fitted.
  const { empty: _, ...sum } = { ...await compute(first!), computed: tileCore };
  for (const piece of others) {
    const computed = await compute(piece);
    for (const part of SUMMED) sum[part] += computed[part];
    sum.values = sum.values && computed.values && joinCounts(sum.values, computed.values);
  }
  return sum;
}

async function checkSeam(task: SeamTask, means: Means, signal: AbortSignal): Promise<SeamReport> {
  using _memory = means.memory.use();
  const { computed } = await computeBox(task, means, signal);
  const report = await compareWithOutput(task, cropCore(computed.values, task.tile), {
    environment: means.environment,
    signal,
  });
  means.memory.leave(computed.values);
  return report;
}

/** The box of a tile, which the caller owns, and what it took. */
interface Computation
  extends Pick<TileReport, "backend" | "adapter" | "readSeconds" | "kernelSeconds" | "bytesRead" | "values" | "empty"> {
  readonly computed: ComputedBox;
}

async function computeBox(task: TileTask, means: Means, signal: AbortSignal): Promise<Computation> {
  const started = performance.now();
  const { values, bytesRead } = await readTile(task, means, signal);
  const counts = countValues(values, { ...task.tile, dtype: task.source.dtype, offset: task.algorithm.offset });
  const read = { readSeconds: (performance.now() - started) / 1000, bytesRead, values: counts };
  const into = means.memory.take("float32", values.length);
  const empty = emptyReason(values, boxPart(task), task.algorithm);
  if (empty !== undefined) {
    const { backend, adapter } = await chooseBackend(task, means);
    leaveEmpty(values, into, task.algorithm);
    means.memory.leave(values);
    return { ...read, computed: { values: into, box: task.tile.box }, backend, adapter, kernelSeconds: 0, empty };
  }
  const { estimate, backend, adapter, kernelSeconds } = await deconvolveBox(task, values, means, { into, signal });
  means.memory.leave(values);
  return { ...read, computed: { values: estimate, box: task.tile.box }, backend, adapter, kernelSeconds };
}

/** Runs a tile and keeps what was measured on the way, not what became of the tile. */
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
  const core = cropCore(result.estimate, task.tile);
  const { largest } = valueRange(core);
  if (split === undefined) means.memory.leave(values);
  for (const used of [core, result.estimate, split?.kept, split?.heldOut]) if (used) releaseMemory(used);
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
    const dataType = taskDataType(task);
    const read = await readBox(image, {
      outer: tile.outer,
      box: tile.box,
      boundary: algorithm.boundary,
      repeated: task.repeated,
      boundaryValue: algorithm.boundaryValue,
      offset: algorithm.offset,
      dataType,
      into: means.memory.take(dataType, voxelCount(tile.box.shape)),
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
  // The CPU keeps all data as float32.
  const dataType = backend === "webgpu" && values instanceof Uint16Array ? { dataType: "uint16" as const } : {};
  const wish = { ...deconvolverOptions(task), ...dataType, backend, boxesAtOnce, psfSha256, psf: psf.volume };
  try {
    const result = await means.pool.run(wish, values, {
      ...runOptions(task),
      ...options,
      onIterations: means.onIterations,
    });
    assertFiniteCore(result.estimate, values, tile);
    return { backend, ...result };
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
