/** The messages that a job sends out, made one at a time. */
import { channelAt, channelCount } from "shared/volume/channels.ts";
import type { BackendChoice } from "shared/contract/algorithm.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { Tile, TileTask } from "shared/contract/tile.ts";
import { formatVec3, voxelCount } from "shared/volume/geometry.ts";
import { plannedOutput } from "shared/image/output/level_arrays.ts";
import { levelZero } from "shared/image/zarr/level_zero.ts";
import { repeatedBox } from "shared/plan/axis_places.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { isCutAsTiles } from "shared/plan/levels/tile_level.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import { tileAlgorithm } from "shared/plan/tile_algorithm.ts";
import { levelTileAt } from "./level_tasks.ts";

/** Fields of a task besides its tile. */
export interface TileTaskOptions {
  readonly plan: Plan;
  readonly request: JobRequest;
  /** Run that the output belongs to, if its record says so. */
  readonly run?: string;
  readonly backend: BackendChoice;
  /** Tiles that need not be computed. */
  readonly done: Pick<ReadonlySet<number>, "has">;
}

/**
 * Tasks of all tiles still to do, grouped by the shape of their boxes (edge tiles are smaller) and by what differs between
 * channels, since a device is set up for one shape and one PSF at a time; inside a group by index. Walks the grid once for each
 * group instead of keeping a list.
 */
export function* tileTasks(options: TileTaskOptions): Generator<TileTask> {
  const coarser = coarserTiles(options);
  for (const tile of tilesBySetup(options)) yield { ...tileTask(options, tile), ...coarser(tile) };
}

/** What is written with each tile: the tile of the first coarser level that is made of it alone, where levels are cut so. */
function coarserTiles(
  { plan, request, run }: TileTaskOptions,
): (tile: Tile) => Pick<TileTask, "coarser"> {
  if (!isCutAsTiles(plan)) return () => ({});
  const { levels: [level], arrays: [, output] } = plannedOutput(plan, { url: request.output.url, run });
  const { factors } = level!;
  return ({ index }) => ({
    coarser: { level: 1, factors, output: output!, tile: levelTileAt(level!, plan.outerShape, index) },
  });
}

/** Fields of any message about a tile. */
export function boxTask(
  { plan, request, backend }: Pick<TileTaskOptions, "plan" | "request" | "backend">,
  tile: Tile,
): Pick<TileTask, "source" | "psf" | "psfSha256" | "psfFit" | "algorithm" | "repeated" | "backend" | "tile"> {
  const channel = channelAt(plan.source, tile.outer);
  const repeated = repeatedBox(plan);
  return {
    source: plan.source,
    ...psfOf({ plan, request }, channel),
    algorithm: tileAlgorithm(plan, channel),
    ...(repeated === undefined ? {} : { repeated }),
    backend,
    tile,
  };
}

/** The PSF of a channel, as a task names it. */
export function psfOf(
  { plan, request }: Pick<TileTaskOptions, "plan" | "request">,
  channel: number,
): Pick<TileTask, "psf" | "psfSha256" | "psfFit"> {
  const own = plan.psf.channels?.[channel];
  const { sha256, fit, optics } = own ?? plan.psf;
  const location = psfLocations(request)[own?.entry ?? 0]!;
  return {
    psf: optics ? { optics } : own?.channel === undefined ? location : { ...location, channel: own.channel },
    psfSha256: sha256,
    ...(fit === undefined ? {} : { psfFit: fit }),
  };
}

export function tileTask({ plan, request, run, backend }: Omit<TileTaskOptions, "done">, tile: Tile): TileTask {
  return {
    ...boxTask({ plan, request, backend }, tile),
    planHash: plan.planHash,
    output: levelZero(plan, { url: request.output.url, run }),
  };
}

function* tilesBySetup({ plan, done }: TileTaskOptions): Generator<Tile> {
  if (plan.psf.channels === undefined && plan.decisions?.channels === undefined) return yield* tilesByShape(plan, done);
  const channels = channelCount(plan.source);
  for (let channel = 0; channel < channels; channel++) yield* tilesByShape(plan, done, channel);
}

/** @param channel leaves out the tiles of others */
function* tilesByShape(plan: Plan, done: TileTaskOptions["done"], channel?: number): Generator<Tile> {
  const perVolume = voxelCount(plan.grid);
  const finished = new Set<string>();
  for (;;) {
    let current: string | undefined;
    for (let index = 0; index < plan.tiles; index++) {
      if (done.has(index)) continue;
      const tile = tileAt(plan, index);
      if (channel !== undefined && channelAt(plan.source, tile.outer) !== channel) {
        index += perVolume - 1 - index % perVolume;
        continue;
      }
      const shape = formatVec3(tile.box.shape);
      if (finished.has(shape)) continue;
      current ??= shape;
      if (shape === current) yield tile;
    }
    if (current === undefined) return;
    finished.add(current);
  }
}
