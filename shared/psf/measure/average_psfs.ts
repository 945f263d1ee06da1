/** Several measurements of one PSF made one. */
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { backgroundOf, borderValues, withoutBackground } from "./psf_background.ts";
import { recentred } from "../centring.ts";
import { aboutCentre, normalised, type PsfVolume } from "../psf_volume.ts";

/**
 * Takes the border's background off each, moves each peak to the centre, scales each to sum 1 and averages them in the smallest
 * shape that holds all.
 *
 * @throws {ClearstackError} `invalid-request` if one of them has nothing above its background
 */
export function averagePsfs(volumes: readonly PsfVolume[]): PsfVolume {
  const shape = mapAxes((axis) => Math.max(...volumes.map((volume) => volume.shape[axis])));
  const values = new Float64Array(voxelCount(shape));
  for (const volume of volumes) {
    const bare = withoutBackground(volume, backgroundOf(borderValues(volume)).level);
    const own = aboutCentre(normalised(recentred(bare, "peak")), shape);
    own.values.forEach((value, i) => values[i] += value / volumes.length);
  }
  return { shape, values };
}
