/**
 * Tasks that check the seams, where tiles meet. A box of the plan's size around such a place has the halo and more between
 * the place and its rim, where errors come in; the tiles that meet there have only the halo. So what the box gives around its
 * middle stands for the truth that the stitched output is held against.
 */
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { SeamTask } from "shared/contract/seam.ts";
import type { Tile } from "shared/contract/tile.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { planDraw } from "./plan_draw.ts";
import { placeAround } from "shared/engine/seam_place.ts";
import { tileTask, type TileTaskOptions } from "shared/engine/tile_tasks.ts";

/** Share of the job that the check may cost, unless something else is said. */
const TILES_PER_PLACE = 8;
const MAX_PLACES = 4;

/** Places to compare: as many as the request says, or one for every 8 tiles, from 1 to 4; none where no tiles meet. */
function seamPlaces(plan: Plan, { seamCheck }: JobRequest): number {
  const automatic = Math.min(MAX_PLACES, Math.max(1, Math.floor(plan.tiles / TILES_PER_PLACE)));
  return Math.min(seamCheck === "auto" ? automatic : seamCheck, cornerCount(plan));
}

interface SeamTaskOptions extends Omit<TileTaskOptions, "done"> {
  /** Tiles that were left as they are though there is noise in them, as the request asked. @default {none} */
  readonly noisy?: ReadonlySet<number>;
}

/**
 * One task for each place: places spread over the image, drawn by the plan's hash, so that the same job has the same ones. Where a
 * noisy tile meets others, it differs from what would be computed: that was asked for, and such places are left out.
 */
export function* seamTasks({ noisy = new Set(), ...options }: SeamTaskOptions): Generator<SeamTask> {
  const { plan, request } = options;
  let index = 0;
  const places = seamPlaces(plan, request);
  const corners = cornerCount(plan);
  for (let place = 0; place < places; place++) {
    const first = Math.floor(place * corners / places);
    const next = Math.floor((place + 1) * corners / places);
    const corner = first + Math.floor(planDraw(plan.planHash, place) * (next - first));
    if (meetingAt(plan, corner).some((tile) => noisy.has(tile))) continue;
    yield tileTask(options, cornerAt(plan, { corner, index: index++ }));
  }
}

/** Corners of tiles inside the image, where as many tiles meet as can; along an axis that is not cut there is one position. */
function cornerCount({ grid, tiles }: Plan): number {
  const volumes = tiles / voxelCount(grid);
  return voxelCount(grid) === 1 ? 0 : volumes * voxelCount(cornerGrid(grid));
}

function cornerGrid(grid: Vec3): Vec3 {
  return mapAxes((axis) => Math.max(1, grid[axis] - 1));
}

/** Where a corner lies: the first tile of its volume, and the position in the grid of the first of the tiles that meet. */
function placeOf({ grid }: Plan, corner: number): { readonly volumeStart: number; readonly position: Vec3 } {
  const [, ny, nx] = cornerGrid(grid);
  const perVolume = voxelCount(cornerGrid(grid));
  return {
    volumeStart: Math.floor(corner / perVolume) * voxelCount(grid),
    position: [Math.floor(corner % perVolume / (ny * nx)), Math.floor(corner / nx) % ny, corner % nx],
  };
}

/** Indices of the tiles that meet at a corner: two along each axis that is cut. */
function meetingAt(plan: Plan, corner: number): number[] {
  const { grid } = plan;
  const { volumeStart, position } = placeOf(plan, corner);
  const [zs, ys, xs] = mapAxes((axis) => grid[axis] === 1 ? [position[axis]] : [position[axis], position[axis] + 1]);
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((x) => volumeStart + (z * grid[1] + y) * grid[2] + x)));
}

/** The box of the plan's size around a corner. Its core is what is compared: half of a tile around the corner. */
function cornerAt(plan: Plan, { corner, index }: { corner: number; index: number }): Tile {
  const { grid, tile } = plan;
  const { volumeStart, position } = placeOf(plan, corner);
  const { outer } = tileAt(plan, volumeStart);
  const seams = mapAxes((axis) => grid[axis] === 1 ? undefined : (position[axis] + 1) * tile[axis]);
  return { index, outer, ...placeAround(plan, { seams, reach: mapAxes((axis) => Math.ceil(tile[axis] / 4)) }) };
}
