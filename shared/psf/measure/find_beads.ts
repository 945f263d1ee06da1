/** Finds point-like objects that stand alone, in an image of beads. */
import { mapAxes, stridesOf, type Vec3 } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { type Background, backgroundOf } from "./psf_background.ts";

/** An image in memory, x contiguous. */
export interface BeadImage {
  readonly shape: Vec3;
  readonly values: Float32Array;
}

/** Criteria for a bead. */
export interface FindOptions {
  /** A bead has no other one nearer than this. */
  readonly distance: number;
  /** Voxel size, in the unit of `distance`. */
  readonly voxel: Vec3;
  /** Height above the background, in standard deviations of the background. */
  readonly threshold: number;
}

interface FoundBeads {
  /** Voxels of the beads' tops, brightest first. */
  readonly beads: readonly Vec3[];
  /** Beads left out because another one is near. */
  readonly crowded: number;
  readonly background: Background;
}

/** A neighbour fainter than this share of a bead does not spoil it: it is noise on its flank, or one of its rings. */
const FAINT_SHARE = 0.2;

/** Voxels that estimate the background; more tell nothing new. */
const BACKGROUND_SAMPLES = 100_000;

/**
 * Local maxima, among all 26 neighbours, of the image smoothed by [1 2 1] / 4 along each axis, that stand above the threshold
 * and alone.
 */
export function findBeads(image: BeadImage, options: FindOptions): FoundBeads {
  const background = imageBackground(image);
  const smooth = smoothed(image);
  const least = background.level + options.threshold * background.noise;
  const tops = localMaxima({ shape: image.shape, values: smooth }, least);
  const height = (top: number) => smooth[top] - background.level;
  tops.sort((a, b) => height(b) - height(a));
  const strides = stridesOf(image.shape);
  const places = tops.map((top) => mapAxes((axis) => Math.floor(top / strides[axis]) % image.shape[axis]));
  const spoilt = new Set<number>();
  const shadows = new Set<number>();
  for (const [brighter, fainter] of nearPairs(places, options)) {
    shadows.add(fainter);
    if (height(tops[fainter]) >= FAINT_SHARE * height(tops[brighter])) spoilt.add(brighter).add(fainter);
  }
  return {
    beads: places.filter((_, i) => !spoilt.has(i) && !shadows.has(i)),
    crowded: spoilt.size,
    background,
  };
}

/** The image's background; the noise is at least what telling its levels apart takes. */
function imageBackground({ values }: BeadImage): Background {
  const step = Math.max(1, Math.floor(values.length / BACKGROUND_SAMPLES));
  const samples = Float64Array.from({ length: Math.ceil(values.length / step) }, (_, i) => values[i * step]);
  const { level, noise } = backgroundOf(samples);
  const brightest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  // Without any noise at all, thousandths of the brightest bead are still not beads.
  return { level, noise: Math.max(noise, 1e-3 * (brightest - level)) };
}

function smoothed({ shape, values }: BeadImage): Float32Array {
  let source = values;
  stridesOf(shape).forEach((stride, axis) => {
    const side = shape[axis];
    if (side < 3) return;
    const target = new Float32Array(source.length);
    for (let i = 0; i < source.length; i++) {
      const at = Math.floor(i / stride) % side;
      const before = at > 0 ? source[i - stride] : source[i];
      const after = at < side - 1 ? source[i + stride] : source[i];
      target[i] = (before + 2 * source[i] + after) / 4;
    }
    source = target;
  });
  return source;
}

/** Voxels above `least` that no neighbour exceeds; of equal neighbours the first counts. */
function localMaxima({ shape, values }: BeadImage, least: number): number[] {
  const tops: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < least) continue;
    if (isTop({ shape, values }, i, positionAt(i, shape))) tops.push(i);
  }
  return tops;
}

function isTop({ shape, values }: BeadImage, index: number, at: Vec3): boolean {
  const strides = stridesOf(shape);
  const range = mapAxes((axis) => [at[axis] > 0 ? -1 : 0, at[axis] < shape[axis] - 1 ? 1 : 0] as const);
  for (let z = range[0][0]; z <= range[0][1]; z++) {
    for (let y = range[1][0]; y <= range[1][1]; y++) {
      for (let x = range[2][0]; x <= range[2][1]; x++) {
        const other = index + z * strides[0] + y * strides[1] + x;
        if (values[other] > values[index] || (values[other] === values[index] && other < index)) return false;
      }
    }
  }
  return true;
}

/** Pairs of places nearer than the distance, as indices, the lower first; places are sorted into cells so that few are tried. */
function* nearPairs(places: readonly Vec3[], { distance, voxel }: FindOptions): Generator<[number, number]> {
  const cellOf = (place: Vec3) => mapAxes((axis) => Math.floor(place[axis] * voxel[axis] / distance));
  const cells = new Map<string, number[]>();
  for (const [index, place] of places.entries()) {
    const cell = cellOf(place);
    for (const [dz, dy, dx] of NEIGHBOURS) {
      for (const other of cells.get(`${cell[0] + dz},${cell[1] + dy},${cell[2] + dx}`) ?? []) {
        const apart = Math.hypot(...mapAxes((axis) => (place[axis] - places[other][axis]) * voxel[axis]));
        if (apart < distance) yield [other, index];
      }
    }
    const key = cell.join();
    cells.set(key, [...(cells.get(key) ?? []), index]);
  }
}

/** A cell and the 26 around it. */
const NEIGHBOURS = Array.from({ length: 27 }, (_, i) => [Math.floor(i / 9) - 1, Math.floor(i / 3) % 3 - 1, i % 3 - 1]);
