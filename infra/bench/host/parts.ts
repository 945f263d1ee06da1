/** The parts of a job one by one, over all its tiles: each does what the job does there, and nothing else. */
import { channelWindows } from "shared/image/ome/channel_windows.ts";
import { tileTasks } from "shared/engine/tile_tasks.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { TileTask } from "shared/contract/tile.ts";
import { countValues } from "shared/decide/value_counts.ts";
import type { Image } from "shared/image/image.ts";
import { openImage } from "shared/image/open_image.ts";
import { plannedOutput } from "shared/image/output/level_arrays.ts";
import { axisMap, splitByChunk } from "shared/image/read/axis_map.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { readVolumeChunk } from "shared/image/read/volume_chunk.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import { writeTileRecord } from "shared/image/write/write_tile.ts";
import { createArray } from "shared/image/zarr/create_array.ts";
import { READ_CONCURRENCY } from "shared/plan/host_memory.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { openStore } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { mapAxes, type Vec3 } from "shared/volume/geometry.ts";
import { sampleReport } from "../../../tests/shared/engine/sample_tasks.ts";

const WORLD = { environment: NO_ENVIRONMENT };

/** Measures what `run` takes of the processor, seconds. */
export type Measure = (run: () => Promise<unknown>) => Promise<number>;

/** Processor seconds by part. */
export async function measureParts(
  { plan, request }: { readonly plan: Plan; readonly request: JobRequest },
  measure: Measure,
): Promise<Readonly<Record<string, number>>> {
  const tasks = [...tileTasks({ plan, request, backend: "webgpu", done: new Set() })];
  const image = await openImage(request.source, WORLD);
  const each = (run: (task: TileTask) => Promise<unknown>) =>
    measure(async () => {
      for (const task of tasks) await run(task);
    });

  const decode = await each((task) => decodeChunks(image, task));
  const readAndPlace = await each(async (task) => releaseMemory((await readTile(image, task)).values));
  const box = (await readTile(image, tasks[0]!)).values;
  const count = await each(({ tile, source }) => Promise.resolve(countValues(box, { ...tile, dtype: source.dtype })));
  const estimate = Float32Array.from(box, (value) => 0.7390851332151607 * value);
  const toStore = async (url: string) => {
    const output = { ...tasks[0]!.output, url };
    await createArray(output, WORLD);
    const seconds = await each(({ tile }) => writeBlock(output, { ...tile, values: estimate }, WORLD));
    await openStore(url, WORLD).deleteAll("");
    return seconds;
  };
  const encode = await toStore("memory:host-parts");
  const encodeAndWrite = await toStore(`${request.output.url}.part`);
  const records = await each(({ output: { run: _, ...output }, ...task }) =>
    writeTileRecord({ ...task, output: { ...output, url: `${request.output.url}.part` } }, sampleReport(0), WORLD)
  );
  const windows = await measure(() => channelWindows(plannedOutput(plan, { url: request.output.url }), WORLD));
  await Deno.remove(`${request.output.url}.part`, { recursive: true });
  return {
    read: decode,
    place: readAndPlace - decode,
    count,
    encode,
    write: encodeAndWrite - encode,
    windows,
    records,
  };
}

function readTile(image: Image, { tile, algorithm }: TileTask) {
  return readBox(image, { ...tile, boundary: algorithm.boundary, dataType: "uint16" });
}

/** Fetches and decodes the chunks of a tile's box, and lets go of them. */
async function decodeChunks(image: Image, { tile: { box, outer }, algorithm }: TileTask): Promise<void> {
  const { shape, chunkShape } = image.info as unknown as Readonly<Record<"shape" | "chunkShape", Vec3>>;
  const [zs, ys, xs] = mapAxes((axis) => {
    const span = { start: box.start[axis], count: box.shape[axis], length: shape[axis] };
    return splitByChunk(axisMap(span, algorithm.boundary), chunkShape[axis]).map(({ chunk }) => chunk);
  });
  const places = zs.flatMap((z) => ys.flatMap((y) => xs.map((x): Vec3 => [z, y, x])));
  await mapLimited(places, READ_CONCURRENCY, async (at) => {
    recycleMemory((await readVolumeChunk(image, { outer, at })).values);
  });
}
