/** The `omero` metadata of an output: names, colors and grey levels that viewers open it with. */
import { channelCount } from "shared/volume/channels.ts";
import type { Channel, ImageInfo } from "shared/contract/image_info.ts";
import type { ChannelWindow } from "./channel_windows.ts";

/** Colors of channels that have none, in turn; far apart, the first two also for those who cannot tell red from green. */
const COLORS = ["00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF"];

/** More channels than this shown at once are a muddle. */
const MAX_ACTIVE = COLORS.length;

/** Colors of light by its longest wavelength, nanometres; what is longer than all is shown as magenta. */
const LIGHT: readonly (readonly [nanometres: number, color: string])[] = [
  [485, "0000FF"],
  [505, "00FFFF"],
  [560, "00FF00"],
  [590, "FFFF00"],
  [700, "FF0000"],
];

/** @param windows one for each channel */
export function omeroMetadata(source: ImageInfo, windows: readonly ChannelWindow[]): Record<string, unknown> {
  const count = channelCount(source);
  const depth = source.shape[source.axes.findIndex(({ name }) => name === "z")] ?? 1;
  return {
    name: source.name ?? "deconvolved",
    channels: windows.map((window, index) => {
      const channel = source.channels?.[index] ?? {};
      return {
        active: index < MAX_ACTIVE,
        coefficient: 1,
        color: channelColor(channel, index, count),
        ...(channel.emissionNanometres === undefined ? {} : { emissionWave: channel.emissionNanometres }),
        family: "linear",
        inverted: false,
        label: channelName(channel, index, source),
        window,
      };
    }),
    rdefs: { defaultT: 0, defaultZ: Math.floor(depth / 2), model: count > 1 ? "color" : "greyscale" },
  };
}

function channelColor({ color, emissionNanometres }: Channel, index: number, count: number): string {
  if (color !== undefined) return color;
  if (emissionNanometres !== undefined) {
    return LIGHT.find(([longest]) => emissionNanometres <= longest)?.[1] ?? "FF00FF";
  }
  return count === 1 ? "FFFFFF" : COLORS[index % COLORS.length]!;
}

function channelName({ name, emissionNanometres }: Channel, index: number, source: ImageInfo): string {
  if (name !== undefined) return name;
  if (emissionNanometres !== undefined) return `${Math.round(emissionNanometres)} nm`;
  return channelCount(source) === 1 ? source.name ?? "deconvolved" : `Channel ${index}`;
}
