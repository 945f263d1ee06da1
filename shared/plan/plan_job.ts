/**
 * `planJob` decides everything about a job before anything is launched: tiles, halo, boxes, chunks and memory. It is pure:
 * no I/O, no clock, no environment. Plans over budget are refused here.
 */
import { refuseContradictions } from "./algorithm_rules.ts";
import { autoHalo } from "./auto_halo.ts";
import { type AxisCut, boxSideSum, largestBoxSide, spanAt, tileCount, touchedChunkVoxels } from "./axis_cut.ts";
import { axisPlaces } from "./axis_places.ts";
import { chooseTile, type Cuts, type Goal, smallestCut, type UncutAxes } from "./choose_tile.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Level } from "shared/contract/level.ts";
import type { MemoryTerms, Plan } from "shared/contract/plan.ts";
import type { JobPsf } from "shared/contract/psf_info.ts";
import type { Tile } from "shared/contract/tile.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { MAX_SIDE } from "./fast_size.ts";
import { formatVec3, mapAxes, SPATIAL_AXES, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { levelBytes } from "./levels/level_memory.ts";
import { plannedIterations } from "./iteration_bounds.ts";
import { formatBytes, hostMemory, totalBytes } from "./host_memory.ts";
import { refuseDarkRange } from "./output_intensity.ts";
import { outputObjects, shardGranule } from "./output_objects.ts";
import { overlapWarnings } from "./overlap_warnings.ts";
import { planHash } from "./plan_hash.ts";
import { positionAt } from "shared/volume/position.ts";
import { readWarnings } from "./read_warnings.ts";
import { plannedLevels } from "./levels/pyramid.ts";
import { isCutAsTiles } from "./levels/tile_level.ts";
import { alongSpatialAxes, placeInVolume, spatialShape } from "shared/volume/spatial.ts";
import { volumeCount, volumeGrid, volumesPerChunk } from "shared/volume/volumes.ts";

/** Tiles in flight beside those on the device, where memory allows: one that is read, and one that is written. */
const OVERLAPPED = 2;

/** Limits of the machine that runs the tiles. */
export interface Limits {
  /** Host memory one process may use, bytes. */
  readonly hostBytes: number;
  /** Device memory one process may use, bytes. */
  readonly deviceBytes: number;
  /** Claim of the kernels for boxes of a shape, bytes in named terms; throws `over-budget` for a box they cannot take. */
  readonly compute: (box: Vec3) => MemoryTerms;
  /** Boxes on the device at the same time, each with memory of its own; fewer where fewer tiles are in flight. */
  readonly boxesAtOnce: number;
  /** True if the kernels' buffers are host memory (CPU backend, software adapter). */
  readonly computeOnHost: boolean;
  /** Cost of reading and decoding one voxel of the source, in voxel iterations. */
  readonly readCostIterations: number;
}

/** Needs of a plan from the machine. */
interface Claim {
  readonly host: MemoryTerms;
  readonly device: MemoryTerms;
}

/**
 * Plans a job.
 *
 * @param image metadata of the source, narrowed to what the request selects
 * @param psf metadata of the PSF, or of those of all channels, fitted to the image
 * @param request the request, defaults filled in
 * @param limits memory of the machine, and the kernels' claim on it
 * @returns the plan; the same inputs give the same plan
 * @throws {ClearstackError} `invalid-request` for settings that cannot be; `over-budget` with the need and the mend
 */
export function planJob(image: ImageInfo, psf: JobPsf, request: JobRequest, limits: Limits): Plan {
  const shape = spatialShape(image);
  const { whole } = placeInVolume(image);
  const halo = request.tiling.halo === "auto" ? autoHalo(psf, request.algorithm, whole) : request.tiling.halo;
  const { tile } = request.tiling;
  const granule = shardGranule(shape, request.output.shards);
  const places = axisPlaces({ source: image, psf, halo, algorithm: request.algorithm });
  const axes = mapAxes((axis) => ({
    ...places[axis],
    ...(tile === "auto" ? {} : { fixedCore: tile[axis] }),
    ...(granule ? { granule: granule[axis] } : {}),
  })) as UncutAxes;
  refuseContradictions(request.algorithm, image.dtype);
  refuseDarkRange(request.output);
  const holdsOut = request.algorithm.stop === "held-out";
  const levelsOf = plannedLevels(image, request, { shape, volumes: volumeCount(image) });
  const claim = (cuts: Cuts, concurrency: number) =>
    claimMemory(cuts, concurrency, { image, output: request.output, holdsOut, levelsOf }, shape, limits);
  const sourceChunk = alongSpatialAxes(image, image.chunkShape);
  const readVoxels = (cut: AxisCut) => touchedChunkVoxels(cut, sourceChunk[cut.axis]);
  const readCost = volumesPerChunk(image) * limits.readCostIterations / plannedIterations(request.algorithm);
  const { cuts, concurrency } = fitToMemory(axes, { claim, readVoxels, readCost }, limits, volumeCount(image));
  const levels = levelsOf(coreOf(cuts, shape));
  const decided = { image, psf, request, shape, halo, levels, cuts, concurrency };
  return describe({ ...decided, claim: claim(cuts, concurrency), voxelsRead: mapAxes((a) => readVoxels(cuts[a])) });
}

/** The tile with this index: volumes (t, c) outermost, then z, y, x, x fastest. */
export function tileAt(plan: Plan, index: number): Tile {
  const cuts = planCuts(plan);
  const position = positionAt(index, [...plan.outerShape, ...plan.grid]);
  const spans = mapAxes((axis) => spanAt(cuts[axis], position.at(axis - 3)!));
  return {
    index,
    outer: position.slice(0, -3),
    core: { start: mapAxes((a) => spans[a].core.start), shape: mapAxes((a) => spans[a].core.length) },
    box: { start: mapAxes((a) => spans[a].box.start), shape: mapAxes((a) => spans[a].box.length) },
  };
}

function planCuts(plan: Plan): [AxisCut, AxisCut, AxisCut] {
  const places = axisPlaces(plan);
  return mapAxes((axis) => ({ ...places[axis], core: plan.tile[axis] }));
}

/** Core of a full tile. */
function coreOf(cuts: Cuts, shape: Vec3): Vec3 {
  return mapAxes((axis) => Math.min(cuts[axis].core, shape[axis]));
}

function claimMemory(
  cuts: Cuts,
  concurrency: number,
  { image, output, holdsOut, levelsOf }: {
    readonly image: ImageInfo;
    readonly output: JobRequest["output"];
    readonly holdsOut: boolean;
    readonly levelsOf: (tile: Vec3) => Level[];
  },
  shape: Vec3,
  limits: Limits,
): Claim {
  const box = mapAxes((axis) => largestBoxSide(cuts[axis]));
  const core = coreOf(cuts, shape);
  const levels = levelsOf(core);
  const voxelBytes = dtypeBytes(output.dtype);
  const { chunk, shard } = outputObjects({ ...output, shape, tile: core, volumes: volumeCount(image), voxelBytes });
  const boxes = Math.min(limits.boxesAtOnce, concurrency);
  const compute = Object.fromEntries(Object.entries(limits.compute(box)).map(([term, bytes]) => [term, boxes * bytes]));
  // Where several boxes overlap on a device, a process has codec threads, and memory that it shares with them.
  const onGpu = limits.boxesAtOnce > 1;
  const forTiles = hostMemory({
    box,
    core,
    levelCore: isCutAsTiles({ levels, shape, tile: core }) ? levels[0]!.tile : undefined,
    outputChunk: chunk,
    outputShard: shard,
    voxelBytes,
    sourceChunkBytes: image.chunkShape.reduce((product, side) => product * side, 1) * dtypeBytes(image.dtype),
    concurrency,
    codecThreads: onGpu,
    holdsOut,
  });
  const forLevels = levelBytes({
    levels,
    box,
    core,
    shape,
    outputChunk: chunk,
    voxelBytes,
    concurrency,
    tilesKept: onGpu,
  });
  const host = { ...forTiles, ...(forLevels > 0 ? { levels: forLevels } : {}) };
  return limits.computeOnHost ? { host: { ...host, ...compute }, device: {} } : { host, device: compute };
}

function fitToMemory(
  axes: UncutAxes,
  { claim, ...costs }: Omit<Goal, "fits"> & { readonly claim: (cuts: Cuts, concurrency: number) => Claim },
  limits: Limits,
  volumes: number,
): { cuts: Cuts; concurrency: number } {
  const fits = (cuts: Cuts, concurrency: number) => {
    if (cuts.some((cut) => largestBoxSide(cut) > MAX_SIDE)) return false;
    try {
      const { host, device } = claim(cuts, concurrency);
      return totalBytes(host) <= limits.hostBytes && totalBytes(device) <= limits.deviceBytes;
    } catch (error) {
      if (isClearstackError(error, "over-budget")) return false;
      throw error;
    }
  };
  const tiles = (cuts: Cuts) => volumes * cuts.reduce((product, cut) => product * tileCount(cut), 1);
  // Overlap is worth more than a larger tile, so two tiles in flight are tried before one.
  for (const least of [2, 1]) {
    const cuts = chooseTile(axes, { fits: (cuts) => fits(cuts, Math.min(least, tiles(cuts))), ...costs });
    if (cuts === undefined) continue;
    const most = Math.min(limits.boxesAtOnce + OVERLAPPED, tiles(cuts));
    return { cuts, concurrency: fits(cuts, most) ? most : Math.min(least, most) };
  }
  throw refusal(axes, claim, limits);
}

/** Says what is over which limit, and what would mend it. */
function refusal(
  axes: UncutAxes,
  claim: (cuts: Cuts, concurrency: number) => Claim,
  limits: Limits,
): ClearstackError {
  const fixed = axes.some((axis) => axis.fixedCore !== undefined);
  const cuts = smallestCut(axes);
  const box = mapAxes((axis) => largestBoxSide(cuts[axis]));
  const what = `${fixed ? "the given tile" : "the smallest tile"} with its halo makes a box of ` +
    `${formatVec3(box)} voxels`;
  for (const axis of [0, 1, 2] as const) {
    if (box[axis] > MAX_SIDE) {
      return new ClearstackError(
        "over-budget",
        `${what}, longer than ${MAX_SIDE} along ${SPATIAL_AXES[axis]}: give a smaller tile or halo, or crop the PSF`,
        { need: box[axis], limit: MAX_SIDE },
      );
    }
  }
  const { host, device } = claim(cuts, 1);
  const shards = axes.some((axis) => axis.granule !== undefined) ? "smaller shards, " : "";
  const mend = fixed ? `give ${shards}a smaller tile or halo, or` : `give ${shards}a smaller halo, crop the PSF, or`;
  if (totalBytes(host) > limits.hostBytes) {
    return new ClearstackError(
      "over-budget",
      `${what} and needs ${formatBytes(totalBytes(host))} of memory, over the budget of ` +
        `${formatBytes(limits.hostBytes)}: ${mend} allow at least ` +
        `${Math.ceil(totalBytes(host) / 2 ** 20)}MiB with --memory`,
      { need: totalBytes(host), limit: limits.hostBytes },
    );
  }
  return new ClearstackError(
    "over-budget",
    `${what} and needs ${formatBytes(totalBytes(device))} of device memory, over the limit of ` +
      `${formatBytes(limits.deviceBytes)}: ${mend} use a GPU with more memory`,
    { need: totalBytes(device), limit: limits.deviceBytes },
  );
}

interface Decided {
  readonly image: ImageInfo;
  readonly psf: JobPsf;
  readonly request: JobRequest;
  readonly shape: Vec3;
  readonly halo: Vec3;
  readonly levels: Level[];
  readonly cuts: Cuts;
  readonly concurrency: number;
  readonly claim: Claim;
  readonly voxelsRead: Vec3;
}

function describe({ image, psf, request, shape, halo, levels, cuts, concurrency, claim, voxelsRead }: Decided): Plan {
  const volumes = volumeCount(image);
  const tile = coreOf(cuts, shape);
  const grid = mapAxes((axis) => tileCount(cuts[axis]));
  const { dtype: outputDtype, range: outputRange } = request.output;
  const voxelBytes = dtypeBytes(outputDtype);
  const objects = outputObjects({ ...request.output, shape, tile, volumes, voxelBytes });
  const computed = mapAxes((axis) => boxSideSum(cuts[axis]));
  const voxels = volumes * voxelCount(shape);
  const box = mapAxes((axis) => largestBoxSide(cuts[axis]));
  const reads = {
    bytesRead: volumes * volumesPerChunk(image) * voxelCount(voxelsRead) * dtypeBytes(image.dtype),
    readAmplification: volumesPerChunk(image) * voxelCount(voxelsRead) / voxelCount(shape),
    inflation: voxelCount(computed) / voxelCount(shape),
  };
  return {
    planHash: planHash({ image, psf, request, shape, tile, halo, objects, levels }),
    source: image,
    psf,
    algorithm: request.algorithm,
    shape,
    outerShape: volumeGrid(image),
    tile,
    halo,
    box,
    grid,
    tiles: volumes * voxelCount(grid),
    omeVersion: request.output.version,
    outputDtype,
    ...(outputRange === undefined ? {} : { outputRange }),
    ...objects,
    levels,
    concurrency,
    voxels,
    hostMemory: claim.host,
    hostBytes: totalBytes(claim.host),
    deviceMemory: claim.device,
    deviceBytes: totalBytes(claim.device),
    ...reads,
    bytesWritten: voxelBytes * volumes *
      [shape, ...levels.map((level) => level.shape)].reduce((sum, s) => sum + voxelCount(s), 0),
    warnings: [
      ...readWarnings({ source: image, box, ...reads }),
      ...overlapWarnings({ source: image, inflation: reads.inflation, voxels, tile, grid, psf }),
    ],
  };
}
