/**
 * The tile of the first coarser level that is made of a tile's core alone, written while that is in memory. It is what the `pyramid`
 * function makes of what is stored, byte for byte, so that it does not matter which of them does. What no tile has written is left to
 * that function.
 */
import type { ValueRange } from "shared/contract/stored_array.ts";
import type { TileTask } from "shared/contract/tile.ts";
import { voxelPass } from "shared/codec/threads/codec_threads.ts";
import type { StoredVoxels } from "shared/image/write/quantise.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import type { Written } from "shared/image/write/write_objects.ts";
import { writeLevelRecord } from "shared/image/write/write_tile.ts";
import type { VoxelMemory } from "shared/process/voxel_memory.ts";
import { type Box, stridesOf, voxelCount } from "shared/volume/geometry.ts";
import { joinRanges, NO_VALUES } from "shared/volume/value_range.ts";
import type { Means } from "./means.ts";

/** Planes of means that a thread makes at a time. */
const PLANES_AT_ONCE = 8;

type Coarser = NonNullable<TileTask["coarser"]>;

/**
 * Writes it, and the record that it is finished.
 *
 * @param values of the core as they are stored, x contiguous
 * @returns stored bytes; 0 where it is left to the `pyramid` function
 */
export async function writeCoarser(
  task: TileTask,
  values: StoredVoxels["values"],
  { memory, environment }: Pick<Means, "memory" | "environment">,
  signal: AbortSignal,
): Promise<number> {
  const { coarser } = task;
  if (coarser === undefined) return 0;
  const started = performance.now();
  const { core, means, range } = await reduceCore(task, coarser, values, memory);
  // Of zeros in shards nothing is stored, and what is made of nothing is nothing; whether a zero has a sign, only the bytes tell.
  const isDark = task.output.shard !== undefined && range.least === 0 && range.largest === 0;
  const written = isDark
    ? undefined
    : await writeBlock(coarser.output, { outer: coarser.tile.outer, core, values: means }, { environment, signal });
  memory.leave(means);
  if (written === undefined) return 0;
  await recordCoarser(task, coarser, { written, range, started }, { environment, signal });
  return written.bytesWritten;
}

/** Records that nothing is stored of it where nothing is stored of the tile itself. */
export async function leaveCoarser(
  task: TileTask,
  { environment }: Pick<Means, "environment">,
  signal: AbortSignal,
): Promise<void> {
  if (task.coarser === undefined) return;
  const dark = {
    written: { bytesWritten: 0, objects: {} },
    range: { least: 0, largest: 0 },
    started: performance.now(),
  };
  await recordCoarser(task, task.coarser, dark, { environment, signal });
}

/** Takes the means of a core, on as many threads as there are. @param values see {@link writeCoarser} */
async function reduceCore(
  { tile: { core: finer } }: TileTask,
  { factors, output, tile: { core } }: Coarser,
  values: StoredVoxels["values"],
  memory: VoxelMemory,
) {
  const dtype = output.dtype as "float32" | "uint16" | "uint8";
  const means = memory.take(dtype, voxelCount(core.shape));
  const [plane] = stridesOf(finer.shape);
  const reduce = (part: Box) => {
    const first = factors[0] * (part.start[0] - core.start[0]);
    const depth = Math.min(factors[0] * part.shape[0], finer.shape[0] - first);
    const shape = [depth, finer.shape[1], finer.shape[2]] as const;
    const planes = values.subarray(plane * first, plane * (first + depth));
    return voxelPass("reduceInto", planes, { shape, factors, dtype, part, target: { box: core, values: means } });
  };
  const ranges = await Promise.all(slabs(core).map(reduce));
  return { core, means, range: ranges.reduce(joinRanges, NO_VALUES) };
}

/** Cuts a box across z. */
function slabs({ start: [z, y, x], shape: [depth, height, width] }: Box): Box[] {
  return Array.from({ length: Math.ceil(depth / PLANES_AT_ONCE) }, (_, index) => {
    const first = index * PLANES_AT_ONCE;
    return { start: [z + first, y, x], shape: [Math.min(PLANES_AT_ONCE, depth - first), height, width] };
  });
}

async function recordCoarser(
  { planHash }: TileTask,
  { output, level, tile: { index } }: Coarser,
  { written, range, started }: {
    readonly written: Written;
    readonly range: ValueRange;
    /** As `performance.now` tells it. */
    readonly started: number;
  },
  access: Parameters<typeof writeLevelRecord>[2],
): Promise<void> {
  const seconds = (performance.now() - started) / 1000;
  await writeLevelRecord({ planHash, output }, { index, level, seconds, bytesRead: 0, ...range, ...written }, access);
}
