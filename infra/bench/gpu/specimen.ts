/** Image and PSF for a timing: the numbers matter little, the sizes do. */
import type { Volume } from "kernels/deconvolver.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";

/** A box to time, and the voxels of it that a tile keeps. */
export interface BenchBox {
  readonly box: Vec3;
  readonly core: Vec3;
}

const PSF_SIDE = 17;

/** A Gaussian of standard deviation 2 voxels, centro-symmetric; or the same moved by half a voxel along z, which is not. */
export function benchPsf(box: Vec3, symmetric: boolean): Volume {
  const shape = box.map((side) => Math.min(side - (side % 2 === 0 ? 1 : 0), PSF_SIDE)) as unknown as Vec3;
  const [cz, cy, cx] = shape.map((side) => Math.floor(side / 2));
  const values = Float32Array.from({ length: voxelCount(shape) }, (_, index) => {
    const [z, y, x] = positionAt(index, shape);
    return Math.exp(-((z - cz - (symmetric ? 0 : 0.5)) ** 2 + (y - cy) ** 2 + (x - cx) ** 2) / 8);
  });
  return { shape, values };
}

/** Camera counts from 100 to 1000 that never repeat in a row. */
export function benchData(box: Vec3): Uint16Array {
  let state = 1;
  return Uint16Array.from({ length: voxelCount(box) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 100 + (state >>> 16) % 900;
  });
}

/**
 * The core of a tile: that of the 2020 Dask pipeline for its box, and for any other what a halo as wide as the PSF's radius
 * leaves.
 */
export function benchBox(box: Vec3): BenchBox {
  if (box.join() === "320,640,640") return { box, core: [190, 512, 512] };
  const halo = Math.floor(PSF_SIDE / 2);
  return { box, core: box.map((side) => Math.max(1, side - 2 * halo)) as unknown as Vec3 };
}
