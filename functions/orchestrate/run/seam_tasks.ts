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

/** One task for each place: places spread over the image, drawn by the plan's hash, so that the same job has the same ones. */
export function* seamTasks(options: Omit<TileTaskOptions, "done">): Generator<SeamTask> {
  const { plan, request } = options;
  const places = seamPlaces(plan, request);
  const corners = cornerCount(plan);
  for (let place = 0; place < places; place++) {
    const first = Math.floor(place * corners / places);
    const next = Math.floor((place + 1) * corners / places);
    const corner = first + Math.floor(planDraw(plan.planHash, place) * (next - first));
    yield tileTask(options, cornerAt(plan, { corner, index: place }));
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

/** The box of the plan's size around a corner. Its core is what is compared: half of a tile around the corner. */
function cornerAt(plan: Plan, { corner, index }: { corner: number; index: number }): Tile {
  const { grid, tile } = plan;
  const [, ny, nx] = cornerGrid(grid);
  const perVolume = voxelCount(cornerGrid(grid));
  const position: Vec3 = [Math.floor(corner % perVolume / (ny * nx)), Math.floor(corner / nx) % ny, corner % nx];
  const { outer } = tileAt(plan, Math.floor(corner / perVolume) * voxelCount(grid));
  const seams = mapAxes((axis) => grid[axis] === 1 ? undefined : (position[axis] + 1) * tile[axis]);
  return { index, outer, ...placeAround(plan, { seams, reach: mapAxes((axis) => Math.ceil(tile[axis] / 4)) }) };
}
