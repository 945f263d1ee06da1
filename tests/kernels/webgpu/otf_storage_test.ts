import { assert, assertEquals } from "@std/assert";
import type { RunOptions, Volume } from "kernels/deconvolver.ts";
import { isCentroSymmetric } from "kernels/psf_symmetry.ts";
import { createWebGpuDeconvolver, type WebGpuDeconvolverOptions } from "kernels/webgpu/deconvolver.ts";
import { webGpuDeviceBytes } from "kernels/webgpu/device/device_bytes.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { randomVolume } from "../../reference/random_volume.ts";
import { referenceRichardsonLucy } from "../../reference/richardson_lucy.ts";
import { slowWebgpuTest, webgpuTest } from "../../require.ts";

/** Bright points on a dim ground. */
function image(box: Vec3): Uint16Array {
  return Uint16Array.from(randomVolume(box, 11), (value) => (value > 0.9 ? 1000 * value : 20 * value));
}

/** Every voxel as bright as its opposite, and no other symmetry: a separable PSF would hide exchanged axes. */
function symmetricPsf(shape: Vec3): Volume {
  const half = randomVolume(shape, 5);
  return { shape, values: Float32Array.from(half, (value, i) => value + half[half.length - 1 - i] + 0.1) };
}

function lopsidedPsf(shape: Vec3): Volume {
  return { shape, values: Float32Array.from(randomVolume(shape, 5), (value) => value + 0.1) };
}

/** Largest difference from the float64 reference, relative to the reference's maximum, and the bytes that were allocated. */
async function deconvolve(options: WebGpuDeconvolverOptions, run: RunOptions) {
  const data = image(options.box);
  const deconvolver = await createWebGpuDeconvolver(options);
  const { estimate } = await deconvolver.run(data, run);
  await deconvolver.close();
  const expected = referenceRichardsonLucy(data, { ...options, ...run });
  const peak = expected.reduce((a, b) => Math.max(a, b), 0);
  const error = expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - estimate[i])), 0) / peak;
  return { error, allocatedBytes: deconvolver.allocatedBytes };
}

Deno.test("a PSF is centro-symmetric if every voxel equals its opposite but for rounding", () => {
  for (const shape of [[1, 1, 1], [1, 3, 5], [5, 3, 7]] as Vec3[]) {
    const { values } = symmetricPsf(shape);
    assert(isCentroSymmetric({ shape, values }));
    if (values.length === 1) continue;
    // The sum is about 1.1 per voxel, twice that of the random numbers; a thousandth of a voxel is far beyond rounding.
    assert(!isCentroSymmetric({ shape, values: values.map((value, i) => i === 0 ? value * 1.001 : value) }));
    assert(isCentroSymmetric({ shape, values: values.map((value, i) => i === 0 ? value * (1 + 2 ** -23) : value) }));
  }
});

Deno.test("a PSF of even side has no voxel opposite its first, and is centro-symmetric only if that is 0", () => {
  const shape: Vec3 = [1, 1, 4];
  assert(!isCentroSymmetric({ shape, values: Float32Array.of(1, 2, 3, 2) }));
  assert(isCentroSymmetric({ shape, values: Float32Array.of(0, 2, 3, 2) }));
});

slowWebgpuTest("a real OTF gives the float64 reference's estimate", async () => {
  // 10 and 14 make odd half rows, 9 x 15 rows an odd number of them.
  for (const box of [[9, 15, 10], [16, 9, 32], [1, 15, 14], [1, 16, 16]] as Vec3[]) {
    const psf = symmetricPsf([box[0] === 1 ? 1 : 5, 3, 5]);
    const { error } = await deconvolve({ box, psf }, { iterations: 10 });
    assert(error <= 1e-5, `box ${box}: ${error} of the peak`);
  }
});

slowWebgpuTest("real and float16 OTFs may be cut into parts and serve every algorithm", async () => {
  const box: Vec3 = [20, 9, 14]; // 20 = 10 x 2, whose registers do not lie in known parts
  const limitCaps = { maxStorageBufferBindingSize: (4 * voxelCount(box)) / 5 };
  const methods: [Partial<WebGpuDeconvolverOptions>, number][] = [
    [{ acceleration: "biggs", nonCirculant: true }, 1e-3],
    // The unmatched projector reaches 16 where the adjoint reaches 1, and so do its errors of 2^-11.
    [{ backProjector: "wiener-butterworth" }, 8e-3],
  ];
  for (const [method, halfBound] of methods) {
    for (const psf of [symmetricPsf([3, 3, 5]), lopsidedPsf([3, 4, 5])]) {
      for (const [otfPrecision, bound] of [["float32", 1e-5], ["float16", halfBound]] as const) {
        const { error } = await deconvolve({ box, psf, limitCaps, otfPrecision, ...method }, { iterations: 5 });
        assert(error <= bound, `${JSON.stringify(method)}, ${otfPrecision}: ${error} of the peak`);
      }
    }
  }
});

webgpuTest("a float16 OTF stays within 1e-3 of the peak after 50 iterations, and is not float32", async () => {
  for (const psf of [symmetricPsf([5, 3, 5]), lopsidedPsf([4, 3, 5])]) {
    for (const acceleration of ["none", "shb"] as const) {
      const options = { box: [9, 15, 10] as Vec3, psf, acceleration, otfPrecision: "float16" } as const;
      const { error } = await deconvolve(options, { iterations: 50 });
      // Coefficients are off by up to 2^-11 = 5e-4 of themselves; iterating sharpens the difference with the image.
      assert(error > 1e-6 && error <= 1e-3, `${acceleration}: ${error} of the peak`);
    }
  }
});

Deno.test("volumes claim 16 bytes per voxel, 11 with uint16 data and a real float16 OTF", () => {
  const box: Vec3 = [256, 512, 512];
  const claims = [
    [16, {}],
    [14, { dataType: "uint16" }],
    [14, { symmetricPsf: true }],
    [14, { otfPrecision: "float16" }],
    [13, { symmetricPsf: true, otfPrecision: "float16" }],
    [11, { dataType: "uint16", symmetricPsf: true, otfPrecision: "float16" }],
  ] as const;
  for (const [bytesPerVoxel, options] of claims) {
    const { volumes, staging, small } = webGpuDeviceBytes(box, options);
    assertEquals(volumes / voxelCount(box), bytesPerVoxel);
    assertEquals(staging, 64 * 2 ** 20);
    // Column 0 of the OTF takes 8 bytes and partial sums up to 4 of each row of 512 voxels.
    assert(small <= 0.03 * voxelCount(box), `${small} bytes`);
  }
});

webgpuTest("the device memory claimed for each way to keep data and OTF is what is allocated", async () => {
  const box: Vec3 = [10, 18, 64];
  for (const dataType of ["float32", "uint16"] as const) {
    for (const otfPrecision of ["float32", "float16"] as const) {
      for (const psf of [symmetricPsf([3, 3, 5]), lopsidedPsf([3, 4, 5])]) {
        const deconvolver = await createWebGpuDeconvolver({ box, psf, dataType, otfPrecision });
        const { allocatedBytes } = deconvolver;
        await deconvolver.close();
        const claimed = webGpuDeviceBytes(box, { dataType, otfPrecision, symmetricPsf: isCentroSymmetric(psf) });
        const ratio = claimed.total / allocatedBytes;
        assert(Math.abs(ratio - 1) <= 0.05, `claimed ${claimed.total}, allocated ${allocatedBytes}`);
      }
    }
  }
});
