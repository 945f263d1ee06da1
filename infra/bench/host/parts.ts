/** The parts of a job one by one, over all its tiles: each does what the job does there, and nothing else. */
import { channelWindows } from "shared/image/ome/channel_windows.ts";
import { tileTasks } from "shared/engine/tile_tasks.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { TileTask } from "shared/contract/tile.ts";
import { voxelPass } from "shared/codec/threads/codec_threads.ts";
import type { Image } from "shared/image/image.ts";
import { openImage } from "shared/image/open_image.ts";
import { plannedOutput } from "shared/image/output/level_arrays.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import { writeTileRecord } from "shared/image/write/write_tile.ts";
import { createArray } from "shared/image/zarr/create_array.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { VoxelMemory } from "shared/process/voxel_memory.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { sampleReport } from "../../../tests/shared/engine/sample_tasks.ts";

const WORLD = { environment: NO_ENVIRONMENT };

/** Seconds of all threads, and of the one that everybody waits for. */
export interface Busy {
  readonly processor: number;
  readonly mainThread: number;
}

/** Measures what `run` takes of the processor. */
export type Measure = (run: () => Promise<unknown>) => Promise<Busy>;

/** What each part takes. */
export async function measureParts(
  { plan, request }: { readonly plan: Plan; readonly request: JobRequest },
  measure: Measure,
): Promise<Readonly<Record<string, Busy>>> {
  const tasks = [...tileTasks({ plan, request, backend: "webgpu", done: new Set() })];
  const image = await openImage(request.source, WORLD);
  const each = (run: (task: TileTask) => Promise<unknown>) =>
    measure(async () => {
      for (const task of tasks) await run(task);
    });

  const memory = new VoxelMemory();
  memory.share();
  const box = memory.take("uint16", voxelCount(tasks[0]!.tile.box.shape));
  const read = await each((task) => readTile(image, task, box));
  const count = await each(({ tile, source }) => voxelPass("countValues", box, { ...tile, dtype: source.dtype }));
  const estimate = memory.take("float32", box.length);
  box.forEach((value, index) => estimate[index] = 0.7390851332151607 * value);
  const check = await each(({ tile }) => voxelPass("findNotFinite", estimate, tile));
  const url = `${request.output.url}.part`;
  const output = { ...tasks[0]!.output, url };
  await createArray(output, WORLD);
  const write = await each(({ tile }) => writeBlock(output, { ...tile, values: estimate }, WORLD));
  const records = await each((task) => writeTileRecord({ ...task, output }, sampleReport(0), WORLD));
  const windows = await measure(() => channelWindows(plannedOutput(plan, { url: request.output.url }), WORLD));
  await Deno.remove(url, { recursive: true });
  return {
    "read and place": read,
    count,
    check,
    "encode and write": write,
    windows,
    records,
  };
}

function readTile(image: Image, { tile, algorithm }: TileTask, into: Uint16Array) {
  return readBox(image, { ...tile, boundary: algorithm.boundary, dataType: "uint16", into });
}
