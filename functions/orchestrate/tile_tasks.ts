/** The messages that a job sends out, made one at a time. */
import type { BackendChoice } from "shared/contract/backend.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { Tile, TileTask } from "shared/contract/tile.ts";
import { formatVec3 } from "shared/geometry.ts";
import { levelZero } from "shared/image/level_zero.ts";
import { tileAt } from "shared/plan.ts";
import { tileAlgorithm } from "shared/tile_algorithm.ts";

/** What a task says besides its tile. */
export interface TileTaskOptions {
  readonly plan: Plan;
  readonly request: JobRequest;
  /** Array inside the output. */
  readonly array: string;
  readonly backend: BackendChoice;
  /** Tiles that are finished already. */
  readonly done: ReadonlySet<number>;
}

/**
 * Tasks of all tiles still to do, grouped by the shape of their boxes (edge tiles are smaller), since a device is set up for
 * one shape at a time; inside a group by index. Walks the grid once for each shape instead of keeping a list.
 */
export function* tileTasks(options: TileTaskOptions): Generator<TileTask> {
  for (const tile of tilesByShape(options.plan, options.done)) yield tileTask(options, tile);
}

/** The task of one tile. */
export function tileTask({ plan, request, array, backend }: Omit<TileTaskOptions, "done">, tile: Tile): TileTask {
  return {
    planHash: plan.planHash,
    source: plan.source,
    psf: request.psf,
    psfSha256: plan.psf.sha256,
    output: { ...levelZero(plan, request.output.url), array },
    algorithm: tileAlgorithm(plan),
    backend,
    tile,
  };
}

function* tilesByShape(plan: Plan, done: ReadonlySet<number>): Generator<Tile> {
  const finished = new Set<string>();
  for (;;) {
    let current: string | undefined;
    for (let index = 0; index < plan.tiles; index++) {
      if (done.has(index)) continue;
      const tile = tileAt(plan, index);
      const shape = formatVec3(tile.box.shape);
      if (finished.has(shape)) continue;
      current ??= shape;
      if (shape === current) yield tile;
    }
    if (current === undefined) return;
    finished.add(current);
  }
}
