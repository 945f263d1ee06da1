/**
 * Boxes with nothing to sharpen. A flat image is what the iterations would leave as it is: the model of a constant is that constant,
 * so every ratio is 1. What is nearly flat differs from that by as little as its own range, and is left as it is too.
 */
import type { VoxelData } from "kernels/deconvolver.ts";
import { FLAT } from "shared/contract/seam.ts";
import type { EmptyReason, TileTask } from "shared/contract/tile.ts";
import type { Box } from "shared/volume/geometry.ts";

/**
 * Tells by its voxels alone whether a box is empty, so that whoever computes it says the same: `flat` where they are all equal, or
 * differ by less than 0.05 % of the intensity that was sampled of the whole image; `below` where the request gave a value that they
 * are all below, though there is noise.
 *
 * @param values of a box of this shape, x contiguous, the offset of the task added
 * @param observed part of the box that is known, relative to it
 */
export function emptyReason(
  values: VoxelData,
  { shape, observed }: { readonly shape: Box["shape"]; readonly observed: Box },
  { keepEmpty, emptyBelow = -Infinity, scale = 0, offset = 0, background = 0 }: TileTask["algorithm"],
): EmptyReason | undefined {
  if (keepEmpty) return undefined;
  const [range, below] = [FLAT * scale, emptyBelow + offset];
  const [z, y, x] = observed.start;
  let [least, most] = [Infinity, -Infinity];
  for (let plane = z; plane < z + observed.shape[0]; plane++) {
    for (let row = y; row < y + observed.shape[1]; row++) {
      const first = (plane * shape[1] + row) * shape[2] + x;
      for (let index = first; index < first + observed.shape[2]; index++) {
        const value = values[index]!;
        // The kernels refuse what is no number, and name its voxel.
        if (!Number.isFinite(value)) return undefined;
        if (value < least) least = value;
        if (value > most) most = value;
      }
      if (!isFlat(least, most, range) && most >= below) return undefined;
    }
  }
  if (least > most) return undefined;
  if (most < below && !isFlat(least, most, range)) return "below";
  // What is about as bright as the background starts at a tenth of itself and goes on step by step; all else is there at once.
  return most <= 0 || least - background >= least / 10 ? "flat" : undefined;
}

function isFlat(least: number, most: number, range: number): boolean {
  return most - least < range || most === least;
}

/**
 * What the iterations make of an empty box: the image without the background, nowhere below 0.
 *
 * @param estimate takes it, as long as the values
 */
export function leaveEmpty(
  values: VoxelData,
  estimate: Float32Array,
  { background = 0 }: TileTask["algorithm"],
): void {
  for (let index = 0; index < estimate.length; index++) estimate[index] = Math.max(values[index]! - background, 0);
}
