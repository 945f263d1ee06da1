/**
 * Light gathered by voxels: the mean intensity over each voxel's volume, as a camera pixel sees it, by Gauss-Legendre
 * quadrature. The field is band-limited, so the number of nodes follows from the voxel's size (5 per axis at the Nyquist
 * spacing) and leaves an error of about 1e-7 of the peak, the rounding of float32.
 */
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { nodesForAverage } from "./gauss_legendre.ts";
import type { LightModel } from "./light_model.ts";
import { centreVoxel, type PsfVolume } from "../psf_volume.ts";
import { applyRow, radiiFor, rowOf, type WindowedRow } from "./radial_line.ts";

const TOLERANCE = 1e-7;

interface VoxelGrid {
  readonly shape: Vec3;
  /** Micrometres; z is 0 for a plane without thickness. */
  readonly voxelMicrometre: Vec3;
  /** Depth of the centre voxel's middle, micrometres. */
  readonly centreDepth: number;
}

/** Mean intensity in each voxel; not normalised. */
export function voxelise(model: LightModel, grid: VoxelGrid): PsfVolume {
  const { shape, voxelMicrometre: [height, ...sides], centreDepth } = grid;
  const centre = centreVoxel(shape);
  const nodes = nodesForAverage(model.bandwidth.axial, height, TOLERANCE);
  const widest = Math.hypot((centre[1] + 0.5) * sides[0], (centre[2] + 0.5) * sides[1]);
  const { radii, step } = radiiFor(model.bandwidth.lateral, widest);
  const reach = Math.max(centre[0], shape[0] - 1 - centre[0]) + 0.5;
  const field = model.prepare({ radii, depths: [centreDepth - reach * height, centreDepth + reach * height] });
  const rows = quarterRows(model.bandwidth.lateral, centre, sides, step);
  const values = new Float64Array(voxelCount(shape));
  for (let z = 0; z < shape[0]; z++) {
    const depths = nodes.nodes.map((node) => centreDepth + (z - centre[0] + node / 2) * height);
    const line = meanOfRows(field.at(depths), nodes.weights, radii.length);
    fillPlane(values.subarray(z * shape[1] * shape[2]), rows.map((row) => applyRow(row, line)), shape);
  }
  return { shape, values };
}

/** Weighted mean of lines of `length` samples; the weights sum to 2. */
function meanOfRows(table: Float64Array, weights: Float64Array, length: number): Float64Array {
  const line = new Float64Array(length);
  for (let i = 0; i < table.length; i++) line[i % length] += table[i] * weights[Math.floor(i / length)] / 2;
  return line;
}

/** Weights by which each pixel of the quarter plane (y, x at or beyond the centre) averages the radial line. */
function quarterRows(bandwidth: number, centre: Vec3, sides: readonly number[], step: number): WindowedRow[] {
  const [alongY, alongX] = sides.map((side) => nodesForAverage(bandwidth, side, TOLERANCE));
  const rows: WindowedRow[] = [];
  const at = new Float64Array(alongY.nodes.length * alongX.nodes.length);
  const weights = at.map((_, i) => {
    const [y, x] = [Math.floor(i / alongX.nodes.length), i % alongX.nodes.length];
    return alongY.weights[y] * alongX.weights[x] / 4;
  });
  for (let y = 0; y <= centre[1]; y++) {
    for (let x = 0; x <= centre[2]; x++) {
      for (let i = 0; i < at.length; i++) {
        const distanceY = (y + alongY.nodes[Math.floor(i / alongX.nodes.length)] / 2) * sides[0];
        const distanceX = (x + alongX.nodes[i % alongX.nodes.length] / 2) * sides[1];
        at[i] = Math.hypot(distanceY, distanceX) / step;
      }
      rows.push(rowOf(at, weights));
    }
  }
  return rows;
}

function fillPlane(plane: Float64Array, quarter: readonly number[], shape: Vec3): void {
  const centre = centreVoxel(shape);
  for (let y = 0; y < shape[1]; y++) {
    const row = Math.abs(y - centre[1]) * (centre[2] + 1);
    for (let x = 0; x < shape[2]; x++) plane[y * shape[2] + x] = quarter[row + Math.abs(x - centre[2])];
  }
}
