/** Channels of an image as viewers are told to show them: the `omero` metadata, and colors where it names none. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { asRecord } from "shared/image/zarr/zarr_node.ts";
import type { Contrast } from "../state/contrast.ts";
import type { PictureChannel } from "./picture.ts";

/** Colors of channels that have none, in turn; the first two also for those who cannot tell red from green. */
const COLORS = ["#00ff00", "#ff00ff", "#00ffff", "#ffff00", "#ff0000", "#0000ff"];

/** More channels than this shown at once are a muddle, and more than this are not listed. */
const MAX_ACTIVE = COLORS.length;
const MAX_CHANNELS = 64;

/** One for each index along c, or one for an image without channels. */
export function channelsOf(
  attributes: Record<string, unknown>,
  { axes, shape, channels }: ImageInfo,
): PictureChannel[] {
  const count = shape[axes.findIndex(({ name }) => name === "c")] ?? 1;
  const omero = asRecord(asRecord(attributes.ome).omero ?? attributes.omero);
  const stated: unknown[] = Array.isArray(omero.channels) ? omero.channels : [];
  return Array.from({ length: Math.min(count, MAX_CHANNELS) }, (_, index) => {
    const { name, color } = channels?.[index] ?? {};
    const { active, window } = asRecord(stated[index]);
    const fallback = count === 1 ? "#ffffff" : COLORS[index % COLORS.length]!;
    return {
      // Of a single channel, the name is that of the image, if anything.
      name: count === 1 ? "Intensity" : name ?? `Channel ${index}`,
      color: color === undefined ? fallback : `#${color.toLowerCase()}`,
      active: typeof active === "boolean" ? active : index < MAX_ACTIVE,
      contrast: contrastOf(window),
    };
  });
}

/** Grey levels shown as black and as full color; nothing where they make no range. */
function contrastOf(window: unknown): Contrast | undefined {
  const { start, end } = asRecord(window);
  const usable = typeof start === "number" && typeof end === "number" && Number.isFinite(start) && end > start &&
    Number.isFinite(end);
  return usable ? { start, end } : undefined;
}
