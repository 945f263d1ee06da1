/** The kernels alone, as a web page would use them: one box of voxels, no files, no planning. */
import { createDeconvolver, fastBox } from "@clearstack/clearstack/kernels";

// The transforms take sides that are products of 2, 3, 5 and 7.
const box = fastBox([8, 31, 31]);
const [depth, height, width] = box;
const psf = { shape: [1, 3, 3], values: new Float32Array([1, 2, 1, 2, 4, 2, 1, 2, 1]) } as const;

// "webgpu" computes on the GPU, "cpu" on all cores.
const deconvolver = await createDeconvolver("cpu", { box, psf, acceleration: "shb" });
try {
  const data = new Float32Array(depth * height * width).fill(10);
  const { estimate, kernelSeconds } = await deconvolver.run(data, { iterations: 20 });
  console.log(box.join(" x "), Math.round(estimate[0]), kernelSeconds > 0);
} finally {
  await deconvolver.close();
}
