/** Narrowing an image to some of its channels, time points and voxels. */
import { channelCount, channelLabel } from "shared/volume/channels.ts";
import type { ImageInfo, VolumeSelection } from "shared/contract/image_info.ts";
import type { Select } from "shared/contract/job_request.ts";
import { mapAxes, sameShape, SPATIAL_AXES } from "shared/volume/geometry.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import { ClearstackError } from "shared/errors.ts";

/** Labels that a message lists before it leaves the rest out. */
const MAX_LABELS = 16;

/**
 * The image that a selection leaves: shape, names of channels, place and distance of time points, and place of voxels follow it; no
 * axis is dropped. A selection of everything in its order leaves the image as it is.
 *
 * @param image as stored, nothing selected yet
 * @throws {ClearstackError} `invalid-request` for channels, times or voxels that are not there, with those that are
 */
export function selectVolumes(image: ImageInfo, { channels, times, box }: Select = {}): ImageInfo {
  const volumes = selectTimes(channels === undefined ? image : selectChannels(image, channels), times);
  return box === undefined ? volumes : selectBox(volumes, box);
}

/** Stored index along each axis before z, y, x of what the image shows at `outer`. */
export function storedOuter(
  { axes, selection }: Pick<ImageInfo, "axes" | "selection">,
  outer: readonly number[],
): readonly number[] {
  if (selection === undefined) return outer;
  const { channels, times } = selection;
  return outer.map((index, axis) => {
    if (axes[axis]!.name === "c") return channels?.[index] ?? index;
    return times === undefined ? index : times.start + index * times.step;
  });
}

function selectChannels(image: ImageInfo, wanted: NonNullable<Select["channels"]>): ImageInfo {
  const stored = wanted.map((channel) => storedChannel(image, channel));
  const twice = stored.find((channel, position) => stored.indexOf(channel) !== position);
  if (twice !== undefined) {
    throw new ClearstackError(
      "invalid-request",
      `channel ${channelLabel(image, twice)} is selected twice: leave one out`,
    );
  }
  if (stored.length === channelCount(image) && stored.every((channel, position) => channel === position)) return image;
  const { channels } = image;
  return {
    ...withLength(image, "c", stored.length),
    ...(channels === undefined ? {} : { channels: stored.map((channel) => channels[channel]!) }),
    ...withSelection(image, { channels: stored }),
  };
}

/**
 * An index where there is such a channel; else a name, which may be a number too, as wavelengths are.
 *
 * @param where the image, for messages that must tell it from others
 * @throws {ClearstackError} `invalid-request` with the channels there are
 */
export function storedChannel(image: ImageInfo, wanted: number | string, where?: string): number {
  const count = channelCount(image);
  if (typeof wanted === "number" && wanted < count) return wanted;
  const name = String(wanted);
  const named = (image.channels ?? []).flatMap((channel, index) => channel.name === name ? [index] : []);
  if (named.length === 1) return named[0]!;
  const problem = named.length > 1
    ? `channels ${named.join(" and ")} are both called ${name}: choose one by its index`
    : `there is no channel ${name}: choose from ${channelList(image)}`;
  throw new ClearstackError("invalid-request", where === undefined ? problem : `${where}: ${problem}`);
}

/** All channels of an image, for messages. */
export function channelList(image: ImageInfo): string {
  const count = channelCount(image);
  const labels = Array.from({ length: Math.min(count, MAX_LABELS) }, (_, channel) => channelLabel(image, channel));
  return labels.join(", ") + (count > MAX_LABELS ? `, ... ${count - 1}` : "");
}

function selectTimes(image: ImageInfo, times: Select["times"]): ImageInfo {
  if (times === undefined) return image;
  const axis = image.axes.findIndex(({ name }) => name === "t");
  const count = image.shape[axis] ?? 1;
  const { start, stop = count } = times;
  if (start >= count || stop > count) {
    const last = count === 1 ? "the only one is 0" : `the last one is ${count - 1}`;
    throw new ClearstackError("invalid-request", `there is no time point ${Math.max(start, stop - 1)}: ${last}`);
  }
  if (start >= stop) {
    throw new ClearstackError(
      "invalid-request",
      `times from ${start} to before ${stop} are none: stop lies above start`,
    );
  }
  const length = Math.ceil((stop - start) / times.step);
  const step = length === 1 ? 1 : times.step;
  if (length === count) return image;
  const { scale, translation } = image;
  const interval = scale[axis]!;
  const moved = start === 0
    ? translation
    : (translation ?? scale.map(() => 0)).with(axis, (translation?.[axis] ?? 0) + start * interval);
  return {
    ...withLength(image, "t", length),
    scale: scale.with(axis, interval * step),
    ...(moved === undefined ? {} : { translation: moved }),
    ...withSelection(image, { times: { start, step } }),
  };
}

function selectBox(image: ImageInfo, box: NonNullable<Select["box"]>): ImageInfo {
  const whole = spatialShape(image);
  const ranges = mapAxes((axis) => box[SPATIAL_AXES[axis]] ?? [0, whole[axis]] as const);
  for (const [axis, [start, stop]] of ranges.entries()) {
    const name = SPATIAL_AXES[axis]!;
    if (start < stop && stop <= whole[axis]!) continue;
    throw new ClearstackError(
      "invalid-request",
      `there are no voxels from ${start} to before ${stop} along ${name}: the image has ${whole[axis]}, from 0 to ${
        whole[axis]! - 1
      }`,
      { path: `select.box.${name}`, value: [start, stop], limit: whole[axis] },
    );
  }
  const shape = mapAxes((axis) => ranges[axis][1] - ranges[axis][0]);
  if (sameShape(shape, whole)) return image;
  const start = mapAxes((axis) => ranges[axis][0]);
  const { scale, translation = scale.map(() => 0) } = image;
  const outer = image.axes.filter(({ type }) => type !== "space").length;
  const spatial = (along: number) => along - image.axes.length + 3;
  return {
    ...image,
    shape: image.shape.map((length, axis) => axis < outer ? length : shape[spatial(axis)]!),
    translation: translation.map((at, axis) => axis < outer ? at : at + start[spatial(axis)]! * scale[axis]!),
    ...withSelection(image, { box: { start, whole } }),
  };
}

function withLength(image: ImageInfo, name: "t" | "c", length: number): ImageInfo {
  return { ...image, shape: image.shape.with(image.axes.findIndex((axis) => axis.name === name), length) };
}

function withSelection({ selection }: ImageInfo, more: VolumeSelection): Pick<ImageInfo, "selection"> {
  return { selection: { ...selection, ...more } };
}
