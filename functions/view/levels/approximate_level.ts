/**
 * A coarser level while full resolution is not there: the mean of the source, deconvolved with the mean of the PSF by a plan of its own.
 * Where the PSF is too narrow for that, or no tile fits, it is the mean of the source itself.
 */
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { StoredArray } from "shared/contract/stored_array.ts";
import { smallerTile } from "shared/engine/split_task.ts";
import { boxTask, tileTask } from "shared/engine/tile_tasks.ts";
import { isClearstackError } from "shared/errors.ts";
import { openImage } from "shared/image/open_image.ts";
import { createOutput } from "shared/image/output/ome_output.ts";
import { objectKey } from "shared/image/output/output_layout.ts";
import { axisMaps } from "shared/image/read/axis_map.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { quantise } from "shared/image/write/quantise.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import { createArray } from "shared/image/zarr/create_array.ts";
import { levelZero } from "shared/image/zarr/level_zero.ts";
import { decidedRange, outputIntensity } from "shared/plan/output_intensity.ts";
import { levelSteps } from "shared/plan/levels/pyramid.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { decidedPlan, needsPilot } from "shared/plan/tile_algorithm.ts";
import { loadPsf } from "shared/psf/load_psf.ts";
import { normalised } from "shared/psf/psf_volume.ts";
import { writePsf } from "shared/psf/write_psf.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { openStore } from "shared/storage/open_store.ts";
import { mapAxes, sameShape, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { planView } from "../plan_view.ts";
import { CachedTiles, type MakeOptions } from "../tiles/cached_tiles.ts";
import { doTask } from "../tiles/do_task.ts";
import { chunksOf, type TileGrid, tileIndex, tilesIn, tilesTouched } from "../tiles/tile_index.ts";
import type { ViewContext } from "../view_context.ts";
import { levelTile } from "./level_tile.ts";
import { isResolved, pooledPsf } from "./pooled_psf.ts";
import type { PooledSource } from "./pooled_source.ts";

/** Tiles of an approximate level. */
export interface ApproximateLevel {
  readonly array: StoredArray;
  readonly grid: TileGrid;
  readonly tiles: CachedTiles;
}

/** Chunks of levels are 16 x 256 x 256, which these hold whole ones of. */
const CORES: readonly Vec3[] = [[64, 256, 256], [32, 256, 256], [16, 256, 256]];

interface ApproximateOptions {
  /** From 1. */
  readonly level: number;
  readonly pooled: PooledSource;
  /** URL of something inside a folder that is the view's alone. */
  readonly place: (name: string) => string;
  readonly signal: AbortSignal;
}

/** Plans a level and creates the array that its tiles are written to. */
export async function openApproximateLevel(
  context: ViewContext,
  options: ApproximateOptions,
): Promise<ApproximateLevel> {
  const planned = await planLevel(context, options);
  return planned === undefined ? await meanLevel(context, options) : await deconvolvedLevel(context, planned, options);
}

interface PlannedLevel {
  readonly request: JobRequest;
  readonly plan: Plan;
}

/** The plan of a level; undefined where there is nothing to deconvolve, or no tile fits. */
async function planLevel(context: ViewContext, options: ApproximateOptions): Promise<PlannedLevel | undefined> {
  const { level, pooled, place, signal } = options;
  const { record: { request }, jobs, arrays } = context;
  const plan = await context.decided(signal);
  const steps = levelSteps(plan.levels)[level - 1]!;
  const psfs = await writePooledPsfs(context, plan, { ...options, steps });
  if (psfs === undefined) return undefined;
  const { array: path, url, axes } = pooled.arrays[level]!;
  const { algorithm, tiling: { halo } } = request;
  const asked = JobRequestSchema.parse({
    ...request,
    select: undefined,
    source: { url, path, axes: axes.join(""), allowEmpty: true },
    psf: psfs.length === 1 ? psfs[0] : psfs,
    psfSpacing: "keep",
    // The mean of several voxels has the photons of all of them.
    algorithm: { ...algorithm, photonsPerUnit: (algorithm.photonsPerUnit ?? 1) * voxelCount(steps) },
    tiling: { halo: halo === "auto" ? halo : mapAxes((axis) => Math.ceil(halo[axis] / steps[axis])) },
    output: {
      ...{ url: place(`level-${level}.zarr`), ifExists: "resume", pyramid: "none", shards: "none" },
      // The same numbers stand for the same values at all levels.
      ...{ dtype: plan.outputDtype, range: decidedRange(plan) },
    },
  });
  try {
    const planned = await planView(asked, (request) => jobs.plan(request, { signal }), CORES);
    if (!sameShape(planned.chunk, arrays[level]!.chunk)) return undefined;
    // Its chunks are written after it is planned.
    const { plannedMs: _, ...source } = planned.source;
    const undecided = { ...planned, source };
    return { request: asked, plan: needsPilot(algorithm) ? decidedPlan(undecided, plan.decisions!) : undecided };
  } catch (error) {
    if (isClearstackError(error, "over-budget")) return undefined;
    throw error;
  }
}

/** Stores the PSF of each channel at the voxels of a level; undefined where none of them has any width there. */
async function writePooledPsfs(
  { record: { request }, environment, device }: ViewContext,
  plan: Plan,
  { level, place, steps, signal }: ApproximateOptions & { readonly steps: Vec3 },
): Promise<{ readonly url: string }[] | undefined> {
  const channelAxis = plan.source.axes.findIndex(({ name }) => name === "c");
  const psfs: { url: string }[] = [];
  let resolved = false;
  for (let channel = 0; channel < (plan.psf.channels?.length ?? 1); channel++) {
    const outer = plan.outerShape.map((_, axis) => axis === channelAxis ? channel : 0);
    const tile = tileAt(plan, tileIndex(plan, outer, [0, 0, 0]));
    const { psf, psfFit } = boxTask({ plan, request, backend: device.backend }, tile);
    const { volume } = await loadPsf(psf, { environment, signal, fit: psfFit });
    const pooled = normalised(pooledPsf(volume, steps));
    resolved ||= isResolved(pooled);
    const url = place(`psf-${level}-${channel}.zarr`);
    const form = { voxelMicrometre: undefined, overwrite: true, inputs: [], provenance: {} };
    await writePsf({ url, volume: pooled, ...form }, { environment });
    psfs.push({ url });
  }
  return resolved ? psfs : undefined;
}

async function deconvolvedLevel(
  context: ViewContext,
  { request, plan }: PlannedLevel,
  { level, pooled }: ApproximateOptions,
): Promise<ApproximateLevel> {
  const { engine, environment, device } = context;
  const { run } = await createOutput(plan, request, { environment });
  const array = levelZero(plan, { url: request.output.url, run });
  const make = async (index: number, options: MakeOptions) => {
    const tile = tileAt(plan, index);
    const task = tileTask({ plan, request, run, backend: device.backend }, tile);
    const { boundary } = plan.algorithm;
    const maps = axisMaps({ box: tile.box, whole: plan.shape, repeated: task.repeated }, boundary);
    await pooled.need(level, tilesTouched(pooled.grid(level), tile.outer, maps), options);
    return await doTask(engine, "tiles", task, {
      ...{ ...options, concurrency: plan.concurrency },
      smaller: (task) => smallerTile(plan, task),
    });
  };
  return {
    array,
    grid: plan,
    tiles: approximateTiles(context, { level, array, make, coreOf: (index) => tileAt(plan, index) }),
  };
}

async function meanLevel(
  context: ViewContext,
  { level, pooled, place, signal }: ApproximateOptions,
): Promise<ApproximateLevel> {
  const { environment, arrays, record: { plan } } = context;
  const { run: _, ...form } = arrays[level]!;
  const intensity = outputIntensity(await context.decided(signal));
  const array = { ...form, ...(intensity ? { intensity } : {}), url: place(`mean-${level}.zarr`) };
  await createArray(array, context);
  const { url, array: path, axes } = pooled.arrays[level]!;
  const coreOf = (index: number) => levelTile(plan, level, index).tile;
  const make = async (index: number, options: MakeOptions) => {
    const { outer, core } = coreOf(index);
    await pooled.need(level, tilesIn(pooled.grid(level), outer, core), options);
    const access = { environment, signal: options.signal };
    const image = await openImage({ url, path, axes: axes.join("") }, access);
    const { values } = await readBox(image, { outer, box: core, boundary: "constant", signal: options.signal });
    const stored = quantise(values, array);
    const { bytesWritten } = await writeBlock(array, { outer, core, values: stored.values }, access);
    for (const used of [values, stored.values]) releaseMemory(used);
    return bytesWritten;
  };
  return { array, grid: pooled.grid(level), tiles: approximateTiles(context, { level, array, make, coreOf }) };
}

function approximateTiles(
  { record: { id }, lru, closing, environment }: ViewContext,
  { level, array, make, coreOf }: {
    readonly level: number;
    readonly array: StoredArray;
    readonly make: (index: number, options: MakeOptions) => Promise<number>;
    readonly coreOf: (index: number) => Pick<ReturnType<typeof tileAt>, "outer" | "core">;
  },
): CachedTiles {
  const store = openStore(array.url, { environment });
  const remove = async (index: number) => {
    const { outer, core } = coreOf(index);
    for (const at of chunksOf(core, array.chunk)) await store.delete(objectKey(array, outer, at));
  };
  return new CachedTiles({ ...{ lru, closing, make, remove }, name: `${id}/approximate/${level}` });
}
