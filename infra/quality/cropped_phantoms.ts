/** Objects of a world that goes on where its picture ends: structure crosses every face. */
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { modulo } from "shared/volume/position.ts";
import { PHANTOMS } from "./phantoms.ts";

/** Brightness of the world's voxels, from 0 to 1, x contiguous, in a cube of `side` voxels that repeats. */
type World = (side: number) => Float64Array;

export const WORLDS: Readonly<Record<string, World>> = { ...PHANTOMS, beads, shells, tissue };

/** Small balls of many brightnesses. */
function beads(side: number): Float64Array {
  const random = createRandom(3);
  return painted(side, Math.round(side ** 3 / 3000), () => {
    const [radius, light] = [random.between(1, 2.5), random.between(0.2, 1)];
    return { radius, light: (distance) => light * Math.min(1, Math.max(0, radius + 0.5 - distance)) };
  }, random);
}

/** Membranes of cells that touch. */
function shells(side: number): Float64Array {
  const random = createRandom(4);
  return painted(side, Math.round(side ** 3 / 12000), () => {
    const radius = random.between(6, 14);
    return { radius: radius + 1, light: (distance) => Math.min(1, Math.max(0, 1.5 - Math.abs(distance - radius))) };
  }, random);
}

/** Soft lumps that fill all of it. */
function tissue(side: number): Float64Array {
  const random = createRandom(6);
  return painted(side, Math.round(side ** 3 / 500), () => {
    const [width, light] = [random.between(1.5, 5), random.between(0.2, 1)];
    return { radius: 2.5 * width, light: (distance) => light * Math.exp(-0.5 * (distance / width) ** 2) };
  }, random);
}

interface Thing {
  readonly radius: number;
  /** Brightness at a distance from the centre. */
  readonly light: (distance: number) => number;
}

/** Things at random places; the brighter wins where they overlap. */
function painted(
  side: number,
  count: number,
  make: () => Thing,
  random: ReturnType<typeof createRandom>,
): Float64Array {
  const world = new Float64Array(side ** 3);
  for (let thing = 0; thing < count; thing++) {
    const { radius, light } = make();
    const centre = [0, 1, 2].map(() => random.between(0, side)) as unknown as Vec3;
    const around = (c: number) => [Math.floor(c - radius), Math.ceil(c + radius)] as const;
    const [[z0, z1], [y0, y1], [x0, x1]] = [around(centre[0]), around(centre[1]), around(centre[2])];
    for (let z = z0; z <= z1; z++) {
      for (let y = y0; y <= y1; y++) {
        for (let x = x0; x <= x1; x++) {
          const index = (modulo(z, side) * side + modulo(y, side)) * side + modulo(x, side);
          const value = light(Math.hypot(z - centre[0], y - centre[1], x - centre[2]));
          if (value > world[index]!) world[index] = value;
        }
      }
    }
  }
  return world;
}

/** The part of a repeating cube that a box from `start` on holds. */
export function croppedFrom(cube: ArrayLike<number>, side: number, { start, shape }: Box): Float64Array {
  const part = new Float64Array(voxelCount(shape));
  let index = 0;
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      const row = (modulo(z + start[0], side) * side + modulo(y + start[1], side)) * side;
      for (let x = 0; x < shape[2]; x++) part[index++] = cube[row + modulo(x + start[2], side)]!;
    }
  }
  return part;
}

/** The brightest of the boxes of a shape at every eighth of the cube: structure is sparse in some. */
export function brightestCrop(cube: ArrayLike<number>, side: number, shape: Vec3): Box {
  let best: Box = { start: [0, 0, 0], shape };
  let most = -1;
  const step = side / 8;
  for (let place = 0; place < 8 ** 3; place++) {
    const start = mapAxes((axis) => step * (Math.floor(place / 8 ** (2 - axis)) % 8));
    const sum = croppedFrom(cube, side, { start, shape }).reduce((total, value) => total + value, 0);
    if (sum > most) [best, most] = [{ start, shape }, sum];
  }
  return best;
}
