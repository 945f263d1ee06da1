/** The tiles of full resolution of a view: computed by the task of a job's tile, or copied from the job's output. */
import type { Plan } from "shared/contract/plan.ts";
import { type Tile, TileRecordSchema } from "shared/contract/tile.ts";
import { smallerTile } from "shared/engine/split_task.ts";
import { tileTask } from "shared/engine/tile_tasks.ts";
import { objectKey, recordKey, type RecordOwner, recordOwner } from "shared/image/output/output_layout.ts";
import { decodeSealed } from "shared/image/output/sealed_json.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import type { ViewContext } from "../view_context.ts";
import { CachedTiles, type CachedTilesOptions, type MakeOptions } from "./cached_tiles.ts";
import { doTask } from "./do_task.ts";
import { JobTiles, storedBytes } from "./job_tiles.ts";
import { TiffTiles } from "./tiff_tiles.ts";
import { chunksOf } from "./tile_index.ts";

/** What a job has made of a view's tiles. */
type JobsOwn = Pick<JobTiles, "copy">;

/** Records are small and many. */
const RECORDS_AT_ONCE = 16;

/**
 * Opens the tiles, with those that an earlier process has left.
 *
 * @param plan as far as it is decided
 * @param onDone told of every tile that is there from now on, `onMaking` of those that are made
 */
export async function openFinestTiles(
  context: ViewContext,
  plan: Plan,
  { onDone, onMaking }: Required<Pick<CachedTilesOptions, "onDone" | "onMaking">>,
): Promise<CachedTiles> {
  const { record, output, closing, lru } = context;
  const { job } = record;
  const made: JobsOwn[] = job === undefined ? [] : [new JobTiles(job.output)];
  if (job?.tiff !== undefined) made.push(new TiffTiles(job.tiff));
  return new CachedTiles({
    ...{ closing, lru, onDone, onMaking },
    name: `${record.id}/0`,
    done: await storedTiles(context, plan, output.tilesDone),
    make: (index, options) => makeTile(context, index, { ...options, made }),
    remove: (index) => removeTile(context, index),
  });
}

async function makeTile(
  context: ViewContext,
  index: number,
  { signal, priority, made }: MakeOptions & { readonly made: readonly JobsOwn[] },
): Promise<number> {
  const { record: { request, owner }, engine, device, environment, output: { run } } = context;
  const plan = await context.decided(signal);
  const tile = tileAt(plan, index);
  for (const tiles of made) {
    const copied = await tiles.copy(copyOf(context, tile, plan), { environment, signal });
    if (copied !== undefined) return copied;
  }
  const task = tileTask({ plan, request, run, backend: device.backend }, tile);
  return await doTask(engine, "tiles", task, {
    ...{ signal, priority, concurrency: plan.concurrency },
    ...(owner === undefined ? {} : { owner }),
    smaller: (task) => smallerTile(plan, task),
  });
}

function copyOf({ arrays, output: { run } }: ViewContext, { index, outer, core }: Tile, { planHash }: Plan) {
  return {
    index,
    array: arrays[0]!,
    outer,
    core,
    planHash,
    run,
    recordKey: (owner: RecordOwner) => recordKey(owner, index),
  };
}

/** The record first, so that a tile that is half gone does not count as there. */
async function removeTile({ record, arrays, store, ...context }: ViewContext, index: number): Promise<void> {
  const plan = await context.decided(context.closing);
  const { outer, core } = tileAt(plan, index);
  await store.delete(recordKey(recordOwner(plan.planHash, arrays[0]!), index));
  for (const at of chunksOf(core, record.plan.chunk)) await store.delete(objectKey(arrays[0]!, outer, at));
}

/** Stored bytes of the tiles that are there. */
async function storedTiles(
  { store, arrays }: ViewContext,
  { planHash }: Plan,
  done: ReadonlySet<number>,
): Promise<Map<number, number>> {
  const owner = recordOwner(planHash, arrays[0]!);
  const sizes = await mapLimited([...done], RECORDS_AT_ONCE, async (index) => {
    const record = TileRecordSchema.safeParse(decodeSealed(await store.get(recordKey(owner, index)))).data;
    return [index, storedBytes(record?.objects)] as const;
  });
  return new Map(sizes);
}
