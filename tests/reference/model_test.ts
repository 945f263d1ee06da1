import { assertAlmostEquals, assertEquals } from "@std/assert";
import { damping, divergenceTerm, modelAt, ratioAt } from "./model.ts";
import type { DeconvolverOptions } from "kernels/deconvolver.ts";

const OPTIONS: DeconvolverOptions = { box: [1, 8, 8], psf: { shape: [1, 1, 1], values: Float32Array.of(1) } };

Deno.test("the I-divergence of a voxel is what one computes by hand", () => {
  // 3 ln 1.5 - 3 + 2 with ln 1.5 = 0.4054651081; double precision carries more digits than are written here.
  assertAlmostEquals(divergenceTerm(3, 2), 0.2163953243, 1e-10);
  assertEquals(divergenceTerm(0, 2), 2);
  assertEquals(divergenceTerm(5, 5), 0);
});

Deno.test("the I-divergence of a voxel is the logarithm of a ratio of Poisson probabilities", () => {
  const logPoisson = (mean: number) => 7 * Math.log(mean) - mean;
  // Both sides are the same few operations on numbers below 14: rounding stays below 1e-14.
  assertAlmostEquals(divergenceTerm(7, 4), logPoisson(7) - logPoisson(4), 1e-13);
});

Deno.test("damping is none from the threshold on and complete at the model", () => {
  assertEquals(damping(100, 100, 3), 0);
  // 150 counts where 100 are expected are five deviations away, 70 are three and a bit (the Poisson tail is skewed).
  assertEquals(damping(150, 100, 3), 1);
  assertEquals(damping(70, 100, 3), 1);
  assertEquals(damping(104, 100, 0), 1);
  // Half a deviation of three: U is (0.5 / 3)^2 = 0.028 to first order, and 10 U^9 is 1e-13.
  assertAlmostEquals(damping(1005, 1000, 3), 0, 1e-9);
});

Deno.test("the damped ratio lies between 1 and the ratio", () => {
  const options = { ...OPTIONS, dampingSigmas: 2 };
  for (const d of [90, 95, 105, 112, 118, 130]) {
    const [least, most] = [Math.min(1, d / 100), Math.max(1, d / 100)];
    const ratio = ratioAt(d, 100, options);
    assertEquals(ratio >= least && ratio <= most, true, `ratio ${ratio} for ${d}`);
  }
});

Deno.test("the model has a floor, a background, and a ceiling where data are cut off", () => {
  assertEquals(modelAt(-1e-9, 5, 1e-6, OPTIONS), 1e-6);
  assertEquals(modelAt(3, 5, 1e-6, { ...OPTIONS, background: 2 }), 5);
  assertEquals(modelAt(300, 255, 1e-6, { ...OPTIONS, saturation: 255 }), 255);
  assertEquals(modelAt(200, 255, 1e-6, { ...OPTIONS, saturation: 255 }), 200);
  assertEquals(modelAt(300, 254, 1e-6, { ...OPTIONS, saturation: 255 }), 300);
});
