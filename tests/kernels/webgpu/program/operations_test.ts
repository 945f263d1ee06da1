import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { RADICES } from "kernels/radices.ts";
import { defineDft } from "kernels/webgpu/fft/codelets.ts";
import { DEFAULT_LIMITS, type GpuLimits } from "kernels/webgpu/device/limits.ts";
import { dftOperations, iterationOperations, roundTripOperations } from "kernels/webgpu/program/operations.ts";
import { radixPlan } from "kernels/webgpu/fft/radices.ts";
import { Wgsl } from "kernels/webgpu/wgsl/wgsl.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";

const LARGE: GpuLimits = {
  ...DEFAULT_LIMITS,
  maxBufferSize: 2 ** 31 - 1,
  maxStorageBufferBindingSize: 2 ** 31 - 1,
  maxComputeWorkgroupStorageSize: 48 * 1024,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
};

const COMPLEX = { real: false, precision: "float32" } as const;

/** Operations of an emitted function and of those it calls: all but constant turns work on both parts of complex numbers alike. */
function emittedOperations(functions: readonly string[], name: string): number {
  const body = functions.find((text) => text.startsWith(`fn ${name}(`))!.slice(`fn ${name}(`.length);
  const called = [...body.matchAll(/\b(dft\d+)\(/g)].map(([, other]) => emittedOperations(functions, other!));
  const turns = body.match(/\btimes\(/g)?.length ?? 0;
  const both = body.match(/ [-+*] /g)?.length ?? 0;
  return called.reduce((sum, count) => sum + count, 6 * turns + 2 * both);
}

Deno.test("the operations of every radix are those of the code that is emitted for it", () => {
  for (const radix of RADICES) {
    const w = new Wgsl();
    const name = defineDft(w, radix);
    assertEquals(dftOperations(radix), emittedOperations(w.functions, name), `radix ${radix}`);
  }
});

Deno.test("a cube of side 64 takes the operations counted by hand", () => {
  // Radix 8: four sums and differences of pairs (16), two turns by odd eighths (12), two transforms of four (32).
  assertEquals(dftOperations(8), 60);
  // 64 = 8 x 8: twice 8 butterflies, and 7 twiddles before each of the second eight; forward and inverse.
  const line = 2 * (2 * 8 * 60 + 8 * 7 * 6);
  assertEquals(roundTripOperations(radixPlan(64)), line);
  // Two convolutions, each there and back along three axes, half a complex number for every voxel; and column 0 once more,
  // for rows 0 to 32 with their opposites.
  const again = (2 * 2 * 33 * line) / 64 ** 3;
  const counted = iterationOperations([64, 64, 64], COMPLEX, LARGE);
  assertAlmostEquals(counted.transforms, (2 * 3 * line) / 64 / 2 + again, 1e-9);
  // Twice: a sum for each voxel of two rows made one, a scale, two for each voxel of rows taken apart.
  assertEquals(counted.packing, 8);
  // Twice: a conjugation (1) and a product (6) for each half voxel; 32 where column 0 is done again.
  assertAlmostEquals(counted.products, 7 + (2 * 2 * 33 * 64 * 32) / 64 ** 3, 1e-9);
  // Background, bound, comparison, bound, quotient; bound, product.
  assertEquals(counted.pointwise, 7);
});

Deno.test("an OTF of real numbers saves five operations per complex coefficient", () => {
  const box: Vec3 = [64, 64, 64];
  const real = iterationOperations(box, { ...COMPLEX, real: true }, LARGE);
  assertAlmostEquals(iterationOperations(box, COMPLEX, LARGE).products - real.products, 5, 1e-9);
});

Deno.test("an iteration takes hardly more operations than four classic transforms", () => {
  // Cooley and Tukey's radix 2 takes 5 N log2 N operations for N complex numbers, half of that for N real ones; an iteration
  // has four transforms. Radix R with its twiddles takes (dft(R) + 6 (R - 1)) / (5 R log2 R) of it: 0.85 for 4 and 8, 1.18 for
  // 3, 1.24 for 5, 1.34 for 7; the first pass of each axis needs no twiddles. What is no transform takes 22, at most an eighth
  // of 10 log2 N for boxes of 64^3 and more.
  const powersOfTwo: Vec3[] = [[64, 64, 64], [128, 128, 128], [256, 256, 256], [512, 512, 512], [1024, 1024, 512]];
  const others: Vec3[] = [[320, 640, 640], [432, 432, 432], [384, 768, 768], [200, 500, 1000], [100, 216, 288]];
  const images: Vec3[] = [[1, 2048, 2048], [1, 1000, 1500]];
  const table: [Vec3[], number][] = [[powersOfTwo, 0.85 + 0.125], [others, 1.3], [images, 1.3]];
  for (const [boxes, bound] of table) {
    for (const box of boxes) {
      const total = Object.values(iterationOperations(box, COMPLEX, LARGE)).reduce((sum, count) => sum + count, 0);
      const ratio = total / (10 * Math.log2(voxelCount(box)));
      assert(ratio <= bound, `${box}: ${ratio} of the classic count`);
    }
  }
});
