/** Brightness of channels in the numbers that an output stores. */
import type { Intensity, StoredArray } from "shared/contract/stored_array.ts";
import type { ChannelWindow } from "shared/image/ome/channel_windows.ts";
import { largestInteger } from "shared/volume/dtype.ts";

/**
 * Windows of values as windows of what stands for them.
 *
 * @param windows in the units of the source
 * @param array with what its integers stand for, where that is decided
 * @returns undefined where it is not
 */
export function storedWindows(
  windows: readonly ChannelWindow[] | undefined,
  { dtype, intensity }: Pick<StoredArray, "dtype" | "intensity">,
): readonly ChannelWindow[] | undefined {
  if (dtype === "float32" || windows === undefined) return windows;
  return intensity && windows.map((window) => storedWindow(window, intensity, largestInteger(dtype)!));
}

function storedWindow({ start, end, ...range }: ChannelWindow, { scale, offset }: Intensity, most: number) {
  const stored = (value: number, highest: number) =>
    Math.min(Math.max(0, Math.round((value - offset) / scale)), highest);
  // Viewers divide by the width of a window.
  const [first, least] = [stored(start, most - 1), stored(range.min, most - 1)];
  return {
    ...{ min: least, max: Math.max(least + 1, stored(range.max, most)) },
    ...{ start: first, end: Math.max(first + 1, stored(end, most)) },
  };
}
