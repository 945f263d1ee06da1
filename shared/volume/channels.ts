/** Channel of a volume, and the name that people call it. */
import type { ImageInfo } from "shared/contract/image_info.ts";

type Channelled = Pick<ImageInfo, "axes" | "shape">;

/** Channels of an image; 1 for one without c. */
export function channelCount({ axes, shape }: Channelled): number {
  return shape[axes.findIndex(({ name }) => name === "c")] ?? 1;
}

/**
 * The channel of a volume, from 0.
 *
 * @param outer index of the volume along each axis before z, y, x
 */
export function channelAt({ axes }: Pick<ImageInfo, "axes">, outer: readonly number[]): number {
  return outer[axes.findIndex(({ name }) => name === "c")] ?? 0;
}

/** Index as stored and name of a channel, such as `2 (DAPI)`. */
export function channelLabel({ channels, selection }: ImageInfo, channel: number): string {
  const name = channels?.[channel]?.name;
  const stored = selection?.channels?.[channel] ?? channel;
  return name === undefined ? `${stored}` : `${stored} (${name})`;
}
