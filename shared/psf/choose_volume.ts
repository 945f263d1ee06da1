/** The one volume that is meant of an image that may have several channels and time points. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { channelList, storedChannel } from "shared/image/read/select_volumes.ts";
import { channelCount } from "shared/volume/channels.ts";

/** What was chosen; a part that is left out is the only one there is. */
export interface VolumeChoice {
  readonly time?: number | undefined;
  /** By index or by name. */
  readonly channel?: number | string | undefined;
}

/** An image that is chosen from. */
interface Choosing {
  /** Name for messages. */
  readonly where: string;
  /** What stands before `time` and `channel` in the names of the flags that choose. @default {"--"} */
  readonly prefix?: string;
}

/**
 * Index of the volume along each axis before z, y, x.
 *
 * @throws {ClearstackError} `invalid-request` where something has to be chosen, naming all of it, or is not there
 */
export function chosenVolume(
  info: ImageInfo,
  { time, channel }: VolumeChoice,
  { where, prefix = "--" }: Choosing,
): number[] {
  const times = info.shape[info.axes.findIndex(({ name }) => name === "t")] ?? 1;
  const channels = channelCount(info);
  const choices = [
    ...(time === undefined && times > 1 ? [`one of ${times} time points with ${prefix}time 0 to ${times - 1}`] : []),
    ...(channel === undefined && channels > 1
      ? [`one of ${channels} channels (${channelList(info)}) with ${prefix}channel`]
      : []),
  ];
  if (choices.length > 0) {
    throw new ClearstackError("invalid-request", `${where} has more than one volume: choose ${choices.join(", and ")}`);
  }
  if (time !== undefined && time >= times) {
    const last = times === 1 ? "the only one is 0" : `the last one is ${times - 1}`;
    throw new ClearstackError("invalid-request", `${where} has no time point ${time}: ${last}`);
  }
  const chosen = channel === undefined ? 0 : storedChannel(info, channel, where);
  return info.axes.flatMap(({ name, type }) => type === "space" ? [] : name === "t" ? [time ?? 0] : [chosen]);
}
