/**
 * How bright each channel of an output is: what viewers stretch its grey levels to. Taken from the coarsest level, which is small
 * enough to be read whole, and the same whoever takes it.
 */
import { channelAt, channelCount } from "../channels.ts";
import { LevelReportSchema } from "../contract/level.ts";
import type { Plan } from "../contract/plan.ts";
import type { Box, Vec3 } from "../geometry.ts";
import { mapAxes, voxelCount } from "../geometry.ts";
import { positionAt } from "../position.ts";
import { levelGrid } from "../pyramid.ts";
import { releaseMemory } from "../release_memory.ts";
import { mapLimited } from "../storage/map_limited.ts";
import { openStore } from "../storage/open_store.ts";
import type { RequestOptions } from "../storage/store.ts";
import { stratifiedPicks } from "../stratified.ts";
import { decodeJson } from "./json.ts";
import { levelArrays } from "./level_arrays.ts";
import { openImage } from "./open_image.ts";
import { levelRecordsPrefix, recordIndex } from "./output_layout.ts";
import { readBox } from "./read_box.ts";

/** In units of the image. */
export interface ChannelWindow {
  readonly min: number;
  readonly max: number;
  /** Shown as black. */
  readonly start: number;
  /** Shown as full colour. */
  readonly end: number;
}

/** Voxels of a channel that are read: all of a coarsest level. Without coarser levels, a large image is sampled. */
const READ_VOXELS = 256 ** 3;

/** Voxels of a channel that percentiles are taken of. */
const KEPT_VOXELS = 2 ** 18;

/** Time points that are looked at, spread evenly. */
const TIMES = 4;

/** Black and full colour: a dark background, and what only the brightest thousandth exceeds. */
const START_QUANTILE = 0.01;
const END_QUANTILE = 0.999;

/** What is read at the same time: many small records, few large chunks. */
const RECORDS_AT_ONCE = 16;
const CHUNKS_AT_ONCE = 4;

/**
 * The window of each channel, once all levels of an output are written: least and largest value of all voxels, as the tasks of the
 * first coarser level met them, and percentiles of the coarsest level.
 *
 * @throws {ClearstackError} what reading throws
 */
export async function channelWindows(plan: Plan, url: string, options: RequestOptions = {}): Promise<ChannelWindow[]> {
  const extremes = await readExtremes(plan, url, options);
  const windows: ChannelWindow[] = [];
  for (let channel = 0; channel < channelCount(plan.source); channel++) {
    const values = await sampleChannel(plan, url, channel, options);
    windows.push(windowOf(values, extremes[channel]));
  }
  return windows;
}

/** @param values rising */
function windowOf(
  values: Float32Array,
  [least, largest]: Extremes = [values[0]!, values.at(-1)!],
): ChannelWindow {
  const quantile = (fraction: number) => values[Math.floor(fraction * (values.length - 1))]!;
  const [start, end] = [quantile(START_QUANTILE), quantile(END_QUANTILE)];
  // Viewers divide by the width of a window.
  if (largest === least) return { min: least, max: least + 1, start: least, end: least + 1 };
  return end > start
    ? { min: least, max: largest, start, end }
    : { min: least, max: largest, start: least, end: largest };
}

type Extremes = readonly [least: number, largest: number];

/** Least and largest value of each channel, out of the records of the first coarser level; empty if there is none. */
async function readExtremes({ planHash, levels, outerShape, source }: Plan, url: string, options: RequestOptions) {
  const extremes: Extremes[] = [];
  const [first] = levels;
  if (first === undefined) return extremes;
  const store = openStore(url);
  const keys = await Array.fromAsync(store.list(levelRecordsPrefix(planHash, 1)));
  const records = keys.filter((key) => recordIndex(key) !== undefined);
  const reports = await mapLimited(records, RECORDS_AT_ONCE, async (key) => {
    return LevelReportSchema.parse(decodeJson(await store.get(key, options)));
  });
  for (const { index, least, largest } of reports) {
    const outer = positionAt(Math.floor(index / voxelCount(levelGrid(first))), outerShape);
    const channel = channelAt(source, outer);
    const [lowest, highest] = extremes[channel] ?? [Infinity, -Infinity];
    extremes[channel] = [Math.min(lowest, least), Math.max(highest, largest)];
  }
  return extremes;
}

/** Rising values of a channel in the coarsest level. */
async function sampleChannel(plan: Plan, url: string, channel: number, { signal }: RequestOptions) {
  const { array, axes } = levelArrays(plan, url).at(-1)!;
  const { shape, chunk } = plan.levels.at(-1) ?? plan;
  const image = await openImage({ url, path: array, axes: axes.join("") }, { signal });
  const volumes = volumesOf(plan, channel);
  const grid = mapAxes((axis) => Math.ceil(shape[axis] / chunk[axis]));
  const boxes = Math.max(1, Math.floor(READ_VOXELS / volumes.length / voxelCount(chunk)));
  const picks = stratifiedPicks(voxelCount(grid), boxes, { seed: 0, stream: channel });
  const places = volumes.flatMap((outer) => picks.map((pick) => ({ outer, box: chunkBox(positionAt(pick, grid)) })));
  const stride = Math.max(1, Math.ceil(places.reduce((sum, { box }) => sum + voxelCount(box.shape), 0) / KEPT_VOXELS));
  const samples = await mapLimited(places, CHUNKS_AT_ONCE, async (place) => {
    const { values } = await readBox(image, { ...place, boundary: "constant", signal });
    const kept = Float32Array.from(
      { length: Math.ceil(values.length / stride) },
      (_, index) => values[index * stride]!,
    );
    releaseMemory(values);
    return kept;
  });
  return joined(samples).sort();

  function chunkBox(position: readonly number[]): Box {
    const start = mapAxes((axis) => position[axis]! * chunk[axis]);
    return { start, shape: mapAxes((axis) => Math.min(chunk[axis], shape[axis] - start[axis])) as Vec3 };
  }
}

/** Index along t and c of some volumes of a channel, spread evenly over time. */
function volumesOf({ source, outerShape }: Plan, channel: number): number[][] {
  const names = source.axes.slice(0, outerShape.length).map(({ name }) => name);
  const count = outerShape[names.indexOf("t")] ?? 1;
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
