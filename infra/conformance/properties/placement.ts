/** Nothing moves: the PSF's centre, shifts, and images with odd sides. */
import { fastBox } from "shared/plan/fast_size.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { axisMap } from "shared/image/read/axis_map.ts";
import { referenceBlur } from "../../../tests/reference/blur.ts";
import { gaussianPsf } from "../../../tests/reference/gaussian_psf.ts";
import { differenceOfPeak, type Property } from "../property.ts";
import { blobsIn, BOX, PARITIES, psfFor } from "../specimens.ts";
import type { Subject } from "../subject.ts";

const FLAT: Vec3 = [1, 24, 20];
/** Room to move blobs without their blur meeting an edge. */
const ROOMY: Vec3 = [20, 20, 24];
const SMALL_PSF = gaussianPsf([5, 5, 5], [1, 1, 1]);

export const PLACEMENT: readonly Property[] = [
  {
    name: "a PSF of any parity is centred: points stay where they are",
    how:
      "a point blurred by Gaussian PSFs of all 8 combinations of odd and even sides, centre at floor(side / 2), restored " +
      "in 20 iterations; distance of the brightest voxel from the point, worst of the 8",
    unit: "voxels",
    limit: 0,
    async measure(subject) {
      let worst = 0;
      for (const shape of PARITIES) {
        const psf = gaussianPsf(shape, [0.8, 0.8, 0.8]);
        const data = blurredPoint(BOX, [7, 8, 9], psf);
        const { estimate } = await subject.run(data, { box: BOX, psf, iterations: 20 });
        worst = Math.max(worst, ...distance(brightest(estimate, BOX), [7, 8, 9]));
      }
      return worst;
    },
  },
  {
    name: "an image with odd sides is restored in its own shape and place",
    how: "a blurred point in 9 x 15 x 21 voxels, grown to sides that the transforms take as the pipeline does (with " +
      "mirrored voxels) where an implementation needs that; distance of the brightest voxel from the point",
    unit: "voxels",
    limit: 0,
    async measure(subject) {
      const shape: Vec3 = [9, 15, 21];
      const data = blurredPoint(shape, [4, 7, 10], SMALL_PSF);
      const estimate = await runInAnyShape(subject, data, shape);
      return Math.max(...distance(brightest(estimate, shape), [4, 7, 10]));
    },
  },
  {
    name: "shifting the image shifts the estimate",
    how: "blobs in a dark box, moved by (1, 2, 3) voxels before or after 10 iterations; largest difference. Single " +
      "precision transforms of shifted data round differently, by 3e-7 of the peak each",
    unit: "of the peak",
    limit: 1e-5,
    async measure(subject) {
      const psf = psfFor(subject);
      const blurred = referenceBlur(psf, ROOMY).forward(blobsIn(ROOMY, [7, 8, 9]));
      const floor = subject.edges === "zero" ? 0 : 5;
      const data = Float32Array.from(blurred, (value) => Math.max(value, 0) + floor);
      const run = { box: ROOMY, psf, iterations: 10 };
      const { estimate } = await subject.run(shifted(data), run);
      return differenceOfPeak(estimate, shifted((await subject.run(data, run)).estimate));
    },
  },
  {
    name: "a 2-D image is restored in two dimensions",
    how: "a point in 1 x 24 x 20 voxels blurred by a flat Gaussian; distance of the brightest voxel from the point",
    unit: "voxels",
    limit: 0,
    async measure(subject) {
      const psf = gaussianPsf([1, 5, 5], [1, 1, 1]);
      const data = blurredPoint(FLAT, [0, 11, 9], psf);
      const { estimate } = await subject.run(data, { box: FLAT, psf, iterations: 20 });
      return Math.max(...distance(brightest(estimate, FLAT), [0, 11, 9]));
    },
  },
];

function blurredPoint(box: Vec3, at: Vec3, psf: Parameters<typeof referenceBlur>[0]): Float32Array {
  const point = new Float64Array(voxelCount(box));
  point[(at[0] * box[1] + at[1]) * box[2] + at[2]] = 1000;
  return Float32Array.from(referenceBlur(psf, box).forward(point), (value) => Math.max(0, value) + 0.01);
}

function brightest(estimate: ArrayLike<number>, [nz, ny, nx]: Vec3): Vec3 {
  if (estimate.length !== nz * ny * nx) {
    throw new Error(`${estimate.length} values came back for ${nz} x ${ny} x ${nx}`);
  }
  let best = 0;
  for (let i = 1; i < estimate.length; i++) if (!(estimate[i] <= estimate[best])) best = i;
  return [Math.floor(best / (ny * nx)), Math.floor(best / nx) % ny, best % nx];
}

function distance(a: Vec3, b: Vec3): number[] {
  return a.map((value, axis) => Math.abs(value - b[axis]));
}

/** Moves a volume of {@link ROOMY} by (1, 2, 3), wrapping around. */
function shifted(values: ArrayLike<number>): Float32Array {
  const [nz, ny, nx] = ROOMY;
  const moved = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const [z, y, x] = [Math.floor(i / (ny * nx)), Math.floor(i / nx) % ny, i % nx];
    moved[(((z + 1) % nz) * ny + (y + 2) % ny) * nx + (x + 3) % nx] = values[i];
  }
  return moved;
}

/** Runs on an image as it is, or, for our own kernels, in the fast box around it. */
async function runInAnyShape(subject: Subject, data: Float32Array, shape: Vec3): Promise<ArrayLike<number>> {
  if (!subject.own) return (await subject.run(data, { box: shape, psf: SMALL_PSF, iterations: 20 })).estimate;
  const box = fastBox(shape);
  const maps = mapAxes((axis) => axisMap({ start: 0, count: box[axis], length: shape[axis] }, "symmetric"));
  const at = (z: number, y: number, x: number) => (z * shape[1] + y) * shape[2] + x;
  const grown = Float32Array.from({ length: voxelCount(box) }, (_, i) => {
    const [z, y, x] = positionAt(i, box);
    return data[at(maps[0][z], maps[1][y], maps[2][x])];
  });
  const { estimate } = await subject.run(grown, { box, psf: SMALL_PSF, iterations: 20 });
  return Float32Array.from({ length: voxelCount(shape) }, (_, i) => {
    const [z, y, x] = positionAt(i, shape);
    return estimate[(z * box[1] + y) * box[2] + x];
  });
}
