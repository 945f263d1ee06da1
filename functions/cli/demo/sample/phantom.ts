/**
 * The object that the demo's microscope looks at: hollow bars, filaments, vesicles and beads, drawn in micrometres with soft
 * edges one voxel wide. What it holds is known exactly, so a restoration can be measured.
 */
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import type { Random } from "./random.ts";

/** A volume that is being drawn: expected photons per voxel, x contiguous. */
interface Canvas {
  readonly shape: Vec3;
  readonly voxelMicrometre: Vec3;
  readonly photons: Float64Array;
}

/** An object to draw: photons per voxel where `distance` (micrometres, negative inside) says it is solid. */
interface Solid {
  readonly photons: number;
  /** Box that holds it, micrometres. */
  readonly low: Vec3;
  readonly high: Vec3;
  distance(point: Vec3): number;
}

/** Draws the whole phantom on an empty canvas; the same `random` gives the same phantom. */
export function drawPhantom(shape: Vec3, voxelMicrometre: Vec3, random: Random): Canvas {
  const canvas = { shape, voxelMicrometre, photons: new Float64Array(voxelCount(shape)) };
  const size = mapAxes((axis) => shape[axis] * voxelMicrometre[axis]);
  const place = (): Vec3 => mapAxes((axis) => random.between(0, size[axis]));
  for (let bar = 0; bar < 11; bar++) draw(canvas, hollowBar(size, random));
  for (let vesicle = 0; vesicle < 30; vesicle++) draw(canvas, hollowBall(place(), random.between(0.4, 0.75)));
  for (let filament = 0; filament < 44; filament++) drawFilament(canvas, place(), random);
  for (let bead = 0; bead < 110; bead++) draw(canvas, ball(place(), 0.2, random.between(400, 800)));
  return canvas;
}

/** A straight tube across the field whose wall is thinner than the microscope resolves along z. */
function hollowBar(size: Vec3, random: Random): Solid {
  const centre = mapAxes((axis) => random.between(0.1, 0.9) * size[axis]);
  const angle = random.between(0, Math.PI);
  const direction = unit([random.between(-0.18, 0.18), Math.sin(angle), Math.cos(angle)]);
  const halfLength = random.between(2.5, 5);
  const radius = random.between(0.5, 0.75);
  const reach = mapAxes((axis) => Math.abs(direction[axis]) * halfLength + radius);
  return {
    photons: 420,
    low: mapAxes((axis) => centre[axis] - reach[axis]),
    high: mapAxes((axis) => centre[axis] + reach[axis]),
    distance(point) {
      const offset = mapAxes((axis) => point[axis] - centre[axis]);
      const along = dot(offset, direction);
      const across = Math.sqrt(Math.max(0, dot(offset, offset) - along * along));
      return Math.max(Math.abs(across - radius + WALL / 2) - WALL / 2, Math.abs(along) - halfLength);
    },
  };
}

/** Thickness of the walls of bars and vesicles, micrometres. */
const WALL = 0.2;

function ball(centre: Vec3, radius: number, photons: number): Solid {
  return {
    photons,
    low: mapAxes((axis) => centre[axis] - radius),
    high: mapAxes((axis) => centre[axis] + radius),
    distance: (point) => length(mapAxes((axis) => point[axis] - centre[axis])) - radius,
  };
}

/** A vesicle: only its membrane shines. */
function hollowBall(centre: Vec3, radius: number): Solid {
  const solid = ball(centre, radius, 420);
  return { ...solid, distance: (point) => Math.abs(solid.distance(point) + WALL / 2) - WALL / 2 };
}

/** A smooth random curve, as of microtubules: a direction that wanders, followed in steps shorter than a voxel. */
function drawFilament(canvas: Canvas, start: Vec3, random: Random): void {
  const STEP_MICROMETRE = 0.04;
  const photons = random.between(300, 600);
  let point = start;
  let direction = unit([0.35 * random.normal(), random.normal(), random.normal()]);
  let bend: Vec3 = [0, 0, 0];
  for (let step = Math.round(random.between(5, 13) / STEP_MICROMETRE); step > 0; step--) {
    bend = mapAxes((axis) => 0.96 * bend[axis] + 0.0035 * random.normal() * (axis === 0 ? 0.35 : 1));
    direction = unit(mapAxes((axis) => direction[axis] + bend[axis]));
    point = mapAxes((axis) => point[axis] + STEP_MICROMETRE * direction[axis]);
    draw(canvas, ball(point, 0.13, photons));
  }
}

/** Paints a solid: the brighter wins where two overlap, so that crossings are not brighter than their parts. */
function draw({ shape, voxelMicrometre, photons }: Canvas, solid: Solid): void {
  const edge = voxelMicrometre[2];
  const first = mapAxes((axis) => Math.max(0, Math.floor((solid.low[axis] - edge) / voxelMicrometre[axis])));
  const last = mapAxes((axis) =>
    Math.min(shape[axis] - 1, Math.ceil((solid.high[axis] + edge) / voxelMicrometre[axis]))
  );
  for (let z = first[0]; z <= last[0]; z++) {
    for (let y = first[1]; y <= last[1]; y++) {
      for (let x = first[2]; x <= last[2]; x++) {
        const distance = solid.distance([z * voxelMicrometre[0], y * voxelMicrometre[1], x * voxelMicrometre[2]]);
        const covered = Math.min(1, Math.max(0, 0.5 - distance / edge));
        const index = (z * shape[1] + y) * shape[2] + x;
        photons[index] = Math.max(photons[index], covered * solid.photons);
      }
    }
  }
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function length(a: Vec3): number {
  return Math.sqrt(dot(a, a));
}

function unit(a: Vec3): Vec3 {
  const norm = length(a);
  return mapAxes((axis) => a[axis] / norm);
}
