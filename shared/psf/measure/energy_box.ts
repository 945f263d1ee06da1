/** Share of a PSF's light that lies near its centre. */
import { mapAxes, stridesOf, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { aboutCentre, centreVoxel, type PsfVolume } from "../psf_volume.ts";

/**
 * Half widths of the smallest box about the centre, `2 r + 1` voxels along each axis, that holds `fraction` of the light;
 * negative values count as none. Where the array is as high as wide, so is the box.
 */
export function energyBox(volume: PsfVolume, fraction: number): Vec3 {
  const { shape, inside } = lightInside(volume);
  const target = fraction * inside[inside.length - 1];
  const square = volume.shape[1] === volume.shape[2];
  let best: Vec3 = mapAxes((axis) => shape[axis] - 1);
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < (square ? 1 : shape[1]); y++) {
      const first = (z * shape[1] + y) * shape[2];
      const x = firstAtLeast((i) => inside[first + i * (square ? shape[2] + 1 : 1)], shape[2], target);
      if (x < shape[2] && boxSize([z, square ? x : y, x]) < boxSize(best)) best = [z, square ? x : y, x];
    }
  }
  return best;
}

/** Crops to {@link energyBox}; every side of the result is odd. */
export function cropByEnergy(volume: PsfVolume, fraction: number): PsfVolume {
  const half = energyBox(volume, fraction);
  return aboutCentre(volume, mapAxes((axis) => 2 * half[axis] + 1));
}

function boxSize(half: Vec3): number {
  return half.reduce((product, r) => product * (2 * r + 1), 1);
}

/** `inside[z, y, x]`: light of the box of half widths z, y, x. */
function lightInside(volume: PsfVolume): { shape: Vec3; inside: Float64Array } {
  const centre = centreVoxel(volume.shape);
  const shape = mapAxes((axis) => centre[axis] + 1);
  const inside = new Float64Array(voxelCount(shape));
  let index = 0;
  for (let z = 0; z < volume.shape[0]; z++) {
    for (let y = 0; y < volume.shape[1]; y++) {
      const row = (Math.abs(z - centre[0]) * shape[1] + Math.abs(y - centre[1])) * shape[2];
      for (let x = 0; x < volume.shape[2]; x++) {
        inside[row + Math.abs(x - centre[2])] += Math.max(0, volume.values[index++]);
      }
    }
  }
  for (const [axis, stride] of stridesOf(shape).entries()) {
    for (let i = 0; i < inside.length; i++) {
      if (Math.floor(i / stride) % shape[axis] > 0) inside[i] += inside[i - stride];
    }
  }
  return { shape, inside };
}

/** Index of the first of `length` rising values that is at least `target`, or `length`. */
function firstAtLeast(rising: (index: number) => number, length: number, target: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising(middle) >= target) high = middle;
    else low = middle + 1;
  }
  return low;
}
