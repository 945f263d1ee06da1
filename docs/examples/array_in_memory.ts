/** Deconvolves an array: two points, three voxels apart, that the PSF has blurred into one. */
import { deconvolve } from "@clearstack/clearstack";

const shape = [8, 32, 32];
const data = new Float32Array(8 * 32 * 32).fill(1);
const row = (4 * 32 + 16) * 32;
// 1500 at x = 15 and at x = 18, seen through the PSF below.
data.set([101, 401, 501, 501, 501, 501, 401, 101], row + 13);

const psf = { data: new Float32Array([1, 4, 5, 4, 1]), shape: [1, 1, 5], axes: "zyx" };
const result = await deconvolve({ data, shape, axes: "zyx", voxelSize: [0.3, 0.1, 0.1] }, psf, {
  algorithm: { iterations: 200 },
  backend: "cpu",
});

const line = (voxels: Float32Array) => [...voxels.subarray(row + 12, row + 22)].map(Math.round).join(" ");
console.log("before", line(data));
console.log("after ", line(result.data));
