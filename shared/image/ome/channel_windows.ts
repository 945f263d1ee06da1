/**
 * Brightness of each channel of an output, which viewers stretch its grey levels to. Taken from the coarsest level, which is small
 * enough to be read whole, and the same whoever takes it.
 */
import { channelAt, channelCount } from "shared/volume/channels.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import { levelGrid } from "shared/plan/levels/pyramid.ts";
import { VoxelMemory } from "shared/process/voxel_memory.ts";
import { hasCodecThreads } from "shared/codec/threads/codec_threads.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { stratifiedPicks } from "shared/decide/stratified.ts";
import { volumeGrid } from "shared/volume/volumes.ts";
import type { LevelledOutput } from "../output/level_arrays.ts";
import { openImage } from "../open_image.ts";
import { levelRecordsPrefix, recordOwner } from "../output/output_layout.ts";
import { readOwn } from "../output/stored_objects.ts";
import { readBox } from "../read/read_box.ts";
import { recordedRanges } from "../output/tile_records.ts";
import type { ValueRange } from "shared/contract/stored_array.ts";
import { finiteQuantiles } from "shared/volume/finite_quantiles.ts";
import { NO_VALUES } from "shared/volume/value_range.ts";

/** In units of the image. */
export interface ChannelWindow {
  readonly min: number;
  readonly max: number;
  /** Shown as black. */
  readonly start: number;
  /** Shown as full color. */
  readonly end: number;
}

/** Voxels of a channel that are read: all of a coarsest level. Without coarser levels, a large image is sampled. */
const READ_VOXELS = 256 ** 3;

/** Voxels of a channel that percentiles are taken of. */
const KEPT_VOXELS = 2 ** 18;

/** Time points that are looked at, spread evenly. */
const TIMES = 4;

/** Black and full color: a dark background, and what only the brightest thousandth exceeds. */
const START_QUANTILE = 0.01;
const END_QUANTILE = 0.999;

/** Chunks that are read at the same time. */
const CHUNKS_AT_ONCE = 4;

const FLOAT_BYTES = 4;

interface ChannelWindowsOptions extends StoreAccess {
  /**
   * Least and largest value of each channel, where they are known of all voxels.
   *
   * @default {those that the tasks of the first coarser level met; without levels, those of the voxels that are looked at}
   */
  readonly ranges?: readonly ValueRange[];
}

/**
 * The window of each channel, once all levels of an output are written: least and largest value of all voxels, and percentiles of
 * the coarsest level. What is not finite has no say.
 *
 * @throws {ClearstackError} what reading throws
 */
export async function channelWindows(
  output: LevelledOutput,
  { ranges, ...access }: ChannelWindowsOptions,
): Promise<ChannelWindow[]> {
  const known = ranges ?? await levelRanges(output, access);
  const windows: ChannelWindow[] = [];
  for (let channel = 0; channel < channelCount(output.source); channel++) {
    windows.push(windowOf(await sampleChannel(output, channel, access), known[channel]));
  }
  return windows;
}

/** Memory that {@link channelWindows} takes for chunks of this shape: each stored, decoded, and as float32. */
export function windowBytes(chunk: Vec3, voxelBytes: number): number {
  return CHUNKS_AT_ONCE * (2 * voxelBytes + FLOAT_BYTES) * voxelCount(chunk) + 2 * FLOAT_BYTES * KEPT_VOXELS;
}

function windowOf(values: Float32Array, range: ValueRange = NO_VALUES): ChannelWindow {
  const [first, dark, bright, last] = finiteQuantiles(values, [0, START_QUANTILE, END_QUANTILE, 1]);
  const least = range.least ?? first ?? 0;
  const largest = range.largest ?? last ?? least;
  // Viewers divide by the width of a window.
  if (largest === least) return { min: least, max: least + 1, start: least, end: least + 1 };
  // Looked at as float32, voxels of other types may seem to lie outside.
  const within = (value = least) => Math.min(Math.max(value, least), largest);
  const [start, end] = [within(dark), within(bright)];
  return end > start
    ? { min: least, max: largest, start, end }
    : { min: least, max: largest, start: least, end: largest };
}

/** Least and largest value of each channel, out of the records of the first coarser level; empty if there is none. */
async function levelRanges({ planHash, source, levels, arrays }: LevelledOutput, { environment, signal }: StoreAccess) {
  const [first] = levels;
  if (first === undefined) return [];
  const volumes = volumeGrid(source);
  const tilesOfVolume = voxelCount(levelGrid(first));
  return await recordedRanges(openStore(arrays[0]!.url, { environment }), {
    signal,
    folder: levelRecordsPrefix(recordOwner(planHash, arrays[0]!), 1),
    channels: channelCount(source),
    channelOf: (index) => channelAt(source, positionAt(Math.floor(index / tilesOfVolume), volumes)),
  });
}

/** Values of a channel in the coarsest level, in any order. */
async function sampleChannel(
  { source, arrays }: LevelledOutput,
  channel: number,
  { environment, signal }: StoreAccess,
) {
  const { url, array, axes, chunk } = arrays.at(-1)!;
  const image = await openImage({ url, path: array, axes: axes.join("") }, { environment, signal });
  const shape = spatialShape(image.info);
  const volumes = volumesOf(source, channel);
  const grid = mapAxes((axis) => Math.ceil(shape[axis] / chunk[axis]));
  const boxes = Math.max(1, Math.floor(READ_VOXELS / volumes.length / voxelCount(chunk)));
  const picks = stratifiedPicks(voxelCount(grid), boxes, { seed: 0, stream: channel });
  const places = volumes.flatMap((outer) => picks.map((pick) => ({ outer, box: chunkBox(positionAt(pick, grid)) })));
  using memory = new VoxelMemory();
  if (hasCodecThreads()) memory.share();
  const steps = samplingSteps(chunk, places.reduce((sum, { box }) => sum + voxelCount(box.shape), 0) / KEPT_VOXELS);
  const samples = await mapLimited(places, CHUNKS_AT_ONCE, async (place) => {
    const count = voxelCount(mapAxes((axis) => Math.ceil(place.box.shape[axis] / steps[axis])));
    const into = memory.take("float32", count);
    await readOwn(() => readBox(image, { ...place, steps, boundary: "constant", dataType: "float32", into, signal }));
    const kept = into.slice();
    memory.leave(into);
    return kept;
  });
  return joined(samples);

  function chunkBox(position: readonly number[]): Box {
    const start = mapAxes((axis) => position[axis]! * chunk[axis]);
    return { start, shape: mapAxes((axis) => Math.min(chunk[axis], shape[axis] - start[axis])) as Vec3 };
  }
}

/** Steps that leave one of at least so many voxels of a chunk, about as many along each axis. */
function samplingSteps(chunk: Vec3, voxels: number): Vec3 {
  let steps: Vec3 = [1, 1, 1];
  while (voxelCount(steps) < voxels) {
    const left = mapAxes((axis) => chunk[axis] / steps[axis]);
    const longest = left.lastIndexOf(Math.max(...left));
    steps = mapAxes((axis) => axis === longest ? 2 * steps[axis] : steps[axis]);
  }
  return steps;
}

/** Index along t and c of some volumes of a channel, spread evenly over time. */
function volumesOf(source: ImageInfo, channel: number): number[][] {
  const names = source.axes.filter(({ type }) => type !== "space").map(({ name }) => name);
  const count = volumeGrid(source)[names.indexOf("t")] ?? 1;
  const times = Math.min(TIMES, count);
  return Array.from({ length: times }, (_, pick) => {
    const time = Math.floor((pick + 0.5) * count / times);
    return names.map((name) => name === "t" ? time : channel);
  });
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let length = 0;
  for (const part of parts) {
    whole.set(part, length);
    length += part.length;
  }
  return whole;
}
