/** Position of a PSF to a fraction of a voxel, and how to move it. Positions are voxel indices z, y, x. */
import { mapAxes, stridesOf, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { alongAxis, lineThrough } from "./along_axis.ts";
import { GAUSSIAN_FWHM } from "./generate/gaussian_psf.ts";
import { LAGRANGE_BEFORE, LAGRANGE_POINTS, lagrangeWeights } from "./lagrange.ts";
import { centreVoxel, type PsfSamples, type PsfVolume } from "./psf_volume.ts";
import { brightestVoxel, widthsThrough } from "./measure/widths.ts";

/** The centres a PSF can be moved by. */
export const CENTRES = ["peak", "mass"] as const;
export type CentreKind = typeof CENTRES[number];

/** Mean position weighted by the values; a background that is left in pulls it to the middle of the array. */
export function centreOfMass({ shape, values }: PsfSamples): Vec3 {
  const moments: [number, number, number] = [0, 0, 0];
  let sum = 0;
  let index = 0;
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++) {
        const value = values[index++];
        sum += value;
        moments[0] += value * z;
        moments[1] += value * y;
        moments[2] += value * x;
      }
    }
  }
  return mapAxes((axis) => moments[axis] / sum);
}

/** Rounds that a peak may take to stand still, and those that even a window of any size has. */
const [MAX_ROUNDS, MIN_ROUNDS] = [100, 10];

/** Voxels that all rounds may weigh: a plateau as large as its array is no peak, and hardly ever stands still. */
const MAX_WEIGHED_VOXELS = 2 ** 22;

/**
 * Centre of the peak: the mean position weighted by the values and by a Gaussian as wide as the peak, moved until it stands
 * still (the windowed position of SExtractor, Bertin & Arnouts 1996: nearly as good as a fit in noise, blind to what is far off).
 */
export function centreOfPeak(volume: PsfSamples): Vec3 {
  const brightest = brightestVoxel(volume);
  const widths = widthsThrough(volume, brightest);
  const sigma = mapAxes((axis) => Math.max(0.8, (widths[axis] ?? volume.shape[axis] / 4) / GAUSSIAN_FWHM));
  const windowVoxels = voxelCount(mapAxes((axis) => Math.min(volume.shape[axis], 8 * sigma[axis] + 1)));
  const rounds = Math.max(MIN_ROUNDS, Math.min(MAX_ROUNDS, MAX_WEIGHED_VOXELS / windowVoxels));
  let centre: Vec3 = brightest;
  for (let round = 0; round < rounds; round++) {
    const step = windowedStep(volume, centre, sigma);
    // A peak as wide as its window is weighted by half its true offset, hence the 2; never farther than one voxel at once.
    const move = mapAxes((axis) => Math.min(1, Math.max(-1, 2 * step[axis])));
    centre = mapAxes((axis) => Math.min(volume.shape[axis] - 1, Math.max(0, centre[axis] + move[axis])));
    if (Math.max(...move.map(Math.abs)) < 1e-6) break;
  }
  return centre;
}

/** Mean offset from `centre` under a Gaussian window; 0 along axes of one voxel. */
function windowedStep({ shape, values }: PsfSamples, centre: Vec3, sigma: Vec3): Vec3 {
  const window = mapAxes((axis) => {
    const first = Math.max(0, Math.ceil(centre[axis] - 4 * sigma[axis]));
    const last = Math.min(shape[axis] - 1, Math.floor(centre[axis] + 4 * sigma[axis]));
    return Array.from({ length: last - first + 1 }, (_, i) => {
      const offset = first + i - centre[axis];
      return { index: first + i, offset, weight: Math.exp(-0.5 * (offset / sigma[axis]) ** 2) };
    });
  });
  const moments: [number, number, number] = [0, 0, 0];
  let sum = 0;
  for (const z of window[0]) {
    for (const y of window[1]) {
      const row = (z.index * shape[1] + y.index) * shape[2];
      for (const x of window[2]) {
        const value = z.weight * y.weight * x.weight * values[row + x.index];
        sum += value;
        moments[0] += value * z.offset;
        moments[1] += value * y.offset;
        moments[2] += value * x.offset;
      }
    }
  }
  return sum > 0 ? mapAxes((axis) => shape[axis] === 1 ? 0 : moments[axis] / sum) : [0, 0, 0];
}

/** Moves the content by a fraction of voxels, by polynomials of degree 5 along each axis; what leaves the array is lost. */
export function shifted(volume: PsfVolume, shift: Vec3): PsfVolume {
  return ([0, 1, 2] as const).reduce((moved, axis) => {
    if (shift[axis] === 0 || moved.shape[axis] === 1) return moved;
    const whole = Math.floor(-shift[axis]);
    const weights = new Float64Array(LAGRANGE_POINTS);
    lagrangeWeights(-shift[axis] - whole, weights);
    const length = moved.shape[axis];
    const result = new Float64Array(length);
    const change = (line: Float64Array) => {
      for (let i = 0; i < length; i++) {
        const first = i + whole - LAGRANGE_BEFORE;
        let sum = 0;
        for (let j = 0; j < LAGRANGE_POINTS; j++) sum += weights[j] * (line[first + j] ?? 0);
        result[i] = sum;
      }
      return result;
    };
    return alongAxis(moved, axis, { length, change });
  }, volume);
}

/** Share of the light on one flank of a peak that has to lie at the opposite end for the peak to go on there. */
const WRAPPED_SHARE = 0.5;

/** Share of the peak below which a flank says nothing. */
const FAINT_FLANK = 0.01;

/**
 * Voxels to roll the content by along each axis so that a peak at the array's edge that goes on at the opposite edge, as the
 * inverse transform of an OTF has it, comes to the centre; 0 along other axes.
 */
export function wrappedBy(volume: PsfSamples): Vec3 {
  const brightest = brightestVoxel(volume);
  return mapAxes((axis) => {
    const line = lineThrough(volume, axis, brightest);
    const [length, at] = [line.length, brightest[axis]];
    const least = line.reduce((low, value) => Math.min(low, value), Infinity);
    const left = at < length / 2;
    // The first voxel beyond the edge is as far from the peak as its mirror image inside.
    const beyond = left ? line[length - 1] : line[0];
    const inside = left ? line[2 * at + 1] : line[2 * at - length];
    const near = Math.min(at, length - 1 - at) < length / 8;
    const flank = (inside ?? 0) - least;
    const goesOn = near && length > 3 && flank > FAINT_FLANK * (line[at] - least) &&
      beyond - least > WRAPPED_SHARE * flank;
    return goesOn ? (centreVoxel(volume.shape)[axis] - at + length) % length : 0;
  });
}

/** Rolls the content: what leaves the array at one end comes in at the other; a new volume. */
export function rolled({ shape, values }: PsfSamples, by: Vec3): PsfVolume {
  const strides = stridesOf(shape);
  const [zs, ys, xs] = mapAxes((axis) =>
    Int32Array.from({ length: shape[axis] }, (_, i) => ((i + by[axis]) % shape[axis]) * strides[axis])
  );
  const moved = new Float64Array(values.length);
  let index = 0;
  for (const z of zs) for (const y of ys) for (const x of xs) moved[z + y + x] = values[index++];
  return { shape, values: moved };
}

/** Moves the chosen centre to the middle of the centre voxel; a peak that goes on at the opposite edge is made whole first. */
export function recentred(stored: PsfVolume, kind: CentreKind): PsfVolume {
  const by = wrappedBy(stored);
  const volume = by.some((voxels) => voxels > 0) ? rolled(stored, by) : stored;
  const from = kind === "peak" ? centreOfPeak(volume) : centreOfMass(volume);
  const to = centreVoxel(volume.shape);
  return shifted(volume, mapAxes((axis) => to[axis] - from[axis]));
}
