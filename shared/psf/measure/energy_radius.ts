/** Reach of a PSF, judged by its energy: most of the array of a measured or computed PSF is nearly empty. */
import { mapAxes } from "shared/volume/geometry.ts";
import type { PsfSamples } from "../psf_volume.ts";

/** Share of the energy that may lie outside the box. */
const ENERGY_OUTSIDE = 0.001;

/**
 * Half widths, in voxels from the centre index `P // 2`, of a box that holds at least 99.9 % of a PSF's energy.
 *
 * Per axis: the smallest r such that at most a third of 0.1 % of the sum has `|i - P // 2| > r` along that axis. A voxel outside
 * the box is outside along one axis at least, so the three shares bound what the box misses: 3 * 0.1 % / 3 = 0.1 %. The radius is
 * at least 1 on axes longer than 1, where the schema of {@link PsfInfo} allows no 0, and 1 on axes of length 1.
 *
 * @param volume negative values count as none; the others have a positive sum
 */
export function energyRadius(
  volume: PsfSamples,
): [number, number, number] {
  const marginals = mapAxes((axis) => new Float64Array(volume.shape[axis]));
  const [, height, width] = volume.shape;
  let sum = 0;
  volume.values.forEach((signed, index) => {
    const value = Math.max(0, signed);
    sum += value;
    marginals[0]![Math.floor(index / (height * width))]! += value;
    marginals[1]![Math.floor(index / width) % height]! += value;
    marginals[2]![index % width]! += value;
  });
  return mapAxes((axis) => radiusOf(marginals[axis]!, sum * ENERGY_OUTSIDE / 3));
}

/** The smallest r >= 1 such that the marginal outside `centre - r ... centre + r` is at most `allowed`. */
function radiusOf(marginal: Float64Array, allowed: number): number {
  const centre = Math.floor(marginal.length / 2);
  let outside = 0;
  for (let radius = centre; radius > 1; radius--) {
    outside += marginal[centre - radius]! + (marginal[centre + radius] ?? 0);
    if (outside > allowed) return radius;
  }
  return 1;
}
