/** Gaussian PSFs for tests and figures. */
import type { Volume } from "kernels/deconvolver.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";

/** Sampled Gaussian with its centre at voxel `floor(side / 2)`, standard deviations in voxels along z, y, x; sum not 1. */
export function gaussianPsf(shape: Vec3, sigma: Vec3): Volume {
  const values = Float32Array.from({ length: voxelCount(shape) }, (_, index) => {
    const position = [
      Math.floor(index / (shape[1] * shape[2])),
      Math.floor(index / shape[2]) % shape[1],
      index % shape[2],
    ];
    const squared = position.map((p, axis) => ((p - Math.floor(shape[axis] / 2)) / sigma[axis]) ** 2);
    return Math.exp(-(squared[0] + squared[1] + squared[2]) / 2);
  });
  return { shape, values };
}
