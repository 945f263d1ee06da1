/** Objects whose every voxel is known, one kind of structure each, drawn in a cube of `side` voxels. */
import { createRandom } from "functions/cli/demo/sample/random.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";

/** Draws an object: brightness per voxel, from 0 to 1, x contiguous. */
type Phantom = (side: number) => Float64Array;

export const PHANTOMS: Readonly<Record<string, Phantom>> = { bars: hollowBars, filaments, "Shepp-Logan": sheppLogan };

/** Share of a voxel that lies inside a surface `distance` voxels away (negative inside). */
function covered(distance: number): number {
  return Math.min(1, Math.max(0, 0.5 - distance));
}

function eachVoxel(side: number, value: (point: Vec3) => number): Float64Array {
  return Float64Array.from({ length: side ** 3 }, (_, index) => value(positionAt(index, [side, side, side] as const)));
}

/** Parallel hollow cylinders of six radii with walls two voxels thick, as in the bars of DeconvolutionLab2 (Sage et al. 2017). */
export function hollowBars(side: number): Float64Array {
  const bars = [0, 1, 2, 3, 4, 5].map((bar) => ({
    z: (0.28 + 0.44 * (bar % 2)) * side,
    y: (0.19 + 0.31 * Math.floor(bar / 2)) * side,
    radius: (0.05 + 0.015 * bar) * side,
  }));
  return eachVoxel(side, ([z, y, x]) => {
    const beyondEnd = Math.abs(x - side / 2) - 0.38 * side;
    return bars.reduce((most, bar) => {
      const fromWall = Math.abs(Math.hypot(z - bar.z, y - bar.y) - bar.radius) - 1;
      return Math.max(most, covered(Math.max(fromWall, beyondEnd)));
    }, 0);
  });
}

/** Thin curves that wander through the volume, like microtubules. */
function filaments(side: number): Float64Array {
  const random = createRandom(7);
  const brightness = new Float64Array(side ** 3);
  for (let filament = 0; filament < 14; filament++) {
    let point: Vec3 = [random.between(0, side), random.between(0, side), random.between(0, side)];
    let [turn, tilt] = [random.between(0, 2 * Math.PI), random.between(-0.4, 0.4)];
    for (let step = 0; step < 4 * side; step++) {
      turn += 0.05 * random.normal();
      tilt = 0.98 * tilt + 0.02 * random.normal();
      const along = 0.5 * Math.cos(tilt);
      point = [
        point[0] + 0.5 * Math.sin(tilt),
        point[1] + along * Math.sin(turn),
        point[2] + along * Math.cos(turn),
      ];
      drawBall(brightness, side, point);
    }
  }
  return brightness;
}

/** A ball 1.6 voxels across; the brighter wins where balls overlap. */
function drawBall(brightness: Float64Array, side: number, centre: Vec3): void {
  const [first, last] = [
    centre.map((c) => Math.max(0, Math.floor(c - 1))),
    centre.map((c) => Math.min(side - 1, Math.ceil(c + 1))),
  ];
  for (let z = first[0]!; z <= last[0]!; z++) {
    for (let y = first[1]!; y <= last[1]!; y++) {
      for (let x = first[2]!; x <= last[2]!; x++) {
        const distance = Math.hypot(z - centre[0], y - centre[1], x - centre[2]) - 0.8;
        const index = (z * side + y) * side + x;
        brightness[index] = Math.max(brightness[index]!, covered(distance));
      }
    }
  }
}

/** Intensity, half axes x y z, centre x y z (all in half widths of the cube), angle in the xy plane in degrees. */
const ELLIPSOIDS: readonly (readonly [number, number, number, number, number, number, number, number])[] = [
  [1, 0.69, 0.92, 0.81, 0, 0, 0, 0],
  [-0.8, 0.6624, 0.874, 0.78, 0, -0.0184, 0, 0],
  [-0.2, 0.11, 0.31, 0.22, 0.22, 0, 0, -18],
  [-0.2, 0.16, 0.41, 0.28, -0.22, 0, 0, 18],
  [0.1, 0.21, 0.25, 0.41, 0, 0.35, -0.15, 0],
  [0.1, 0.046, 0.046, 0.05, 0, 0.1, 0.25, 0],
  [0.1, 0.046, 0.046, 0.05, 0, -0.1, 0.25, 0],
  [0.1, 0.046, 0.023, 0.05, -0.08, -0.605, 0, 0],
  [0.1, 0.023, 0.023, 0.02, 0, -0.606, 0, 0],
  [0.1, 0.023, 0.046, 0.02, 0.06, -0.605, 0, 0],
];

/** The head of Shepp & Logan 1974 with the contrasts of Toft 1996, in three dimensions after Schabel's phantom3d. */
function sheppLogan(side: number): Float64Array {
  return eachVoxel(side, (voxel) => {
    const [z, y, x] = voxel.map((v) => (2 * v + 1) / side - 1) as unknown as Vec3;
    let intensity = 0;
    for (const [amount, a, b, c, x0, y0, z0, degrees] of ELLIPSOIDS) {
      const angle = degrees * Math.PI / 180;
      const [dx, dy, dz] = [x - x0, y - y0, z - z0];
      const u = (dx * Math.cos(angle) + dy * Math.sin(angle)) / a;
      const v = (dy * Math.cos(angle) - dx * Math.sin(angle)) / b;
      if (u * u + v * v + (dz / c) ** 2 <= 1) intensity += amount;
    }
    // Sums of decimal fractions leave rounding where the head is empty.
    return Math.max(0, Math.round(intensity * 10) / 10);
  });
}
