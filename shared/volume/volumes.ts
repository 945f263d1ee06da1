/** The volumes of an image: one for each time point of each channel. */
import type { ImageInfo } from "shared/contract/image_info.ts";

/** Lengths of the axes before z, y, x. */
export function volumeGrid({ axes, shape }: Pick<ImageInfo, "axes" | "shape">): number[] {
  return shape.filter((_, axis) => axes[axis]!.type !== "space");
}

export function volumeCount(image: Pick<ImageInfo, "axes" | "shape">): number {
  return volumeGrid(image).reduce((product, length) => product * length, 1);
}

/** Number of volumes that share a stored chunk: each of them decodes it anew. */
export function volumesPerChunk({ axes, chunkShape }: Pick<ImageInfo, "axes" | "chunkShape">): number {
  return volumeCount({ axes, shape: chunkShape });
}
