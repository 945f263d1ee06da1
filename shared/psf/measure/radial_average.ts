/** Noise against symmetry: a PSF averaged over all angles about the optical axis. */
import type { Vec3 } from "shared/volume/geometry.ts";
import { LAGRANGE_BEFORE, LAGRANGE_POINTS, lagrangeWeights } from "../lagrange.ts";
import { centreVoxel, type PsfVolume } from "../psf_volume.ts";
import { applyRow, rowOf } from "../generate/radial_line.ts";

/** Rings per smaller lateral voxel side, and points per such side on each ring. */
const RINGS_PER_VOXEL = 4;
const POINTS_PER_VOXEL = 2;

/**
 * Replaces every value by the mean over the circle about the centre on which it lies, plane by plane. Circles are sampled by
 * polynomials of degree 5 in y and x; where a circle leaves the array, its part inside counts.
 *
 * @param voxel size along z, y, x, any unit: circles are round in space, not in voxels
 */
export function radiallyAveraged({ shape, values }: PsfVolume, voxel: Vec3): PsfVolume {
  const [depth, height, width] = shape;
  const [, centreY, centreX] = centreVoxel(shape);
  const side = Math.min(voxel[1], voxel[2]);
  const scale: readonly [number, number] = [voxel[1] / side, voxel[2] / side];
  const widest = Math.hypot(centreY * scale[0], centreX * scale[1]);
  const rings = Math.ceil(widest * RINGS_PER_VOXEL) + LAGRANGE_POINTS;
  const lines = ringMeans({ shape, values }, scale, rings);
  const averaged = new Float64Array(values.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const radius = Math.hypot((y - centreY) * scale[0], (x - centreX) * scale[1]) * RINGS_PER_VOXEL;
      const row = rowOf([radius], [1]);
      for (let z = 0; z < depth; z++) averaged[(z * height + y) * width + x] = applyRow(row, lines, z * rings);
    }
  }
  return { shape, values: averaged };
}

/** Mean over each ring of each plane: `rings` values per plane. */
function ringMeans({ shape, values }: PsfVolume, scale: readonly [number, number], rings: number): Float64Array {
  const [depth, height, width] = shape;
  const [, centreY, centreX] = centreVoxel(shape);
  const lines = new Float64Array(depth * rings);
  for (let ring = 0; ring < rings; ring++) {
    const radius = ring / RINGS_PER_VOXEL;
    const points = Math.max(1, Math.ceil(2 * Math.PI * radius * POINTS_PER_VOXEL));
    let inside = 0;
    for (let point = 0; point < points; point++) {
      const angle = 2 * Math.PI * point / points;
      const y = centreY + radius * Math.sin(angle) / scale[0];
      const x = centreX + radius * Math.cos(angle) / scale[1];
      if (y < 0 || x < 0 || y > height - 1 || x > width - 1) continue;
      inside++;
      addPoint({ shape, values }, y, x, (z, value) => lines[z * rings + ring] += value);
    }
    for (let z = 0; z < depth; z++) {
      // Rings beyond the corners repeat the last one that was seen.
      lines[z * rings + ring] = inside > 0 ? lines[z * rings + ring] / inside : lines[z * rings + ring - 1];
    }
  }
  return lines;
}

/** Hands on the value at one point of each plane; samples beyond the edge repeat it. */
function addPoint(volume: PsfVolume, y: number, x: number, add: (z: number, value: number) => void): void {
  const [depth, height, width] = volume.shape;
  const weightsY = new Float64Array(LAGRANGE_POINTS);
  const weightsX = new Float64Array(LAGRANGE_POINTS);
  lagrangeWeights(y - Math.floor(y), weightsY);
  lagrangeWeights(x - Math.floor(x), weightsX);
  for (let z = 0; z < depth; z++) {
    let value = 0;
    for (let i = 0; i < LAGRANGE_POINTS; i++) {
      const row = Math.min(height - 1, Math.max(0, Math.floor(y) - LAGRANGE_BEFORE + i));
      let sum = 0;
      for (let j = 0; j < LAGRANGE_POINTS; j++) {
        const column = Math.min(width - 1, Math.max(0, Math.floor(x) - LAGRANGE_BEFORE + j));
        sum += weightsX[j] * volume.values[(z * height + row) * width + column];
      }
      value += weightsY[i] * sum;
    }
    add(z, value);
  }
}
