/** Brightness of the channels of a view before anything of it is computed: that of the source. */
import type { Plan } from "shared/contract/plan.ts";
import { isClearstackError } from "shared/errors.ts";
import type { ChannelWindow } from "shared/image/ome/channel_windows.ts";
import { reopenImage } from "shared/image/open_image.ts";
import { sampleVoxels } from "shared/image/read/sample_voxels.ts";
import { channelCount } from "shared/volume/channels.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";

/** Black, and full color. */
const START_QUANTILE = 0.01;
const END_QUANTILE = 0.999;

/** Deconvolution makes peaks higher; viewers let their users go so far beyond the brightest voxel of the source. */
const HEADROOM = 4;

/** A view has to be there soon. */
const SAMPLING_MS = 10_000;

/** The window of each channel; undefined where the source cannot be read, or not soon. */
export async function sampleWindows(
  { source, algorithm }: Plan,
  { environment, signal }: StoreAccess,
): Promise<ChannelWindow[] | undefined> {
  const late = AbortSignal.any([AbortSignal.timeout(SAMPLING_MS), ...(signal ? [signal] : [])]);
  try {
    const image = await reopenImage(source, { environment, signal: late });
    const windows: ChannelWindow[] = [];
    for (let channel = 0; channel < channelCount(source); channel++) {
      const { values } = await sampleVoxels(image, { seed: algorithm.seed, channel, signal: late });
      windows.push(windowOf(values.filter(Number.isFinite).sort()));
    }
    return windows;
  } catch (error) {
    // What is wrong with the source is told to whoever asks for voxels.
    if (isClearstackError(error)) return undefined;
    throw error;
  }
}

/** @param values rising */
function windowOf(values: Float32Array): ChannelWindow {
  const quantile = (fraction: number) => values[Math.floor(fraction * (values.length - 1))] ?? 0;
  const [least, largest] = [Math.min(0, quantile(0)), quantile(1)];
  const [start, end] = [quantile(START_QUANTILE), quantile(END_QUANTILE)];
  // Viewers divide by the width of a window.
  if (!(largest > least)) return { min: least, max: least + 1, start: least, end: least + 1 };
  const max = least + HEADROOM * (largest - least);
  return end > start ? { min: least, max, start, end } : { min: least, max, start: least, end: largest };
}
