/** The tiles of an output that have a record, and how its plan arranges them. */
import { z } from "zod";
import { PlanSchema } from "shared/contract/plan.ts";
import { runsOf, type TileMap } from "shared/contract/views/tile_map.ts";
import { ClearstackError } from "shared/errors.ts";
import type { RequestOptions, Store } from "shared/storage/store.ts";
import { JobRecordSchema } from "./job_record.ts";
import { JOB_KEY, recordIndex, recordsPrefix } from "./output_layout.ts";
import { decodeSealed } from "./sealed_json.ts";

const PlannedJobSchema = JobRecordSchema.and(
  z.looseObject({ plan: PlanSchema.pick({ outerShape: true, grid: true, tile: true }).loose() }),
);

/** Objects beside records that are listed in their folder. */
const MAX_OTHER_OBJECTS = 1024;

/** What an output tells of its tiles. */
type RecordedTiles = Omit<TileMap, "underWay">;

/**
 * Lists the records of an output.
 *
 * @throws {ClearstackError} `not-found` where there is no output yet, or no longer; what reading throws
 */
export async function readTileMap(store: Store, options: RequestOptions = {}): Promise<RecordedTiles> {
  const job = decodeSealed(await store.get(JOB_KEY, options));
  const { planHash, pilot, run } = JobRecordSchema.safeParse(job).data ?? {};
  const arrangement = tileArrangement(job);
  if (arrangement === undefined || planHash === undefined) {
    throw new ClearstackError("not-found", `${store.url} has no tiles yet`);
  }
  const prefix = recordsPrefix({ planHash: pilot?.planHash ?? planHash, run: run! });
  const tiles = [...arrangement.outerShape, ...arrangement.grid].reduce((product, side) => product * side, 1);
  const done = new Set<number>();
  let seen = 0;
  for await (const key of store.list(prefix, options)) {
    const index = recordIndex(key);
    if (index !== undefined && index < tiles) done.add(index);
    // Whoever may write the folder could fill it with anything.
    if (++seen >= MAX_OTHER_OBJECTS + tiles) break;
  }
  return { ...arrangement, done: runsOf(done) };
}

/** How the record of a job arranges its tiles; undefined where it does not say. */
export function tileArrangement(job: unknown): Omit<RecordedTiles, "done"> | undefined {
  const plan = PlannedJobSchema.safeParse(job).data?.plan;
  return plan && { outerShape: plan.outerShape, grid: plan.grid, tile: plan.tile };
}
