import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Vec3 } from "shared/volume/geometry.ts";
import { randomVolume } from "./random_volume.ts";
import { divergence, gradient, variationDenominator } from "./total_variation.ts";

const BOX: Vec3 = [3, 4, 5];
const dot = (a: Float64Array, b: Float64Array) => a.reduce((total, value, i) => total + value * b[i], 0);

Deno.test("total variation leaves a flat volume alone", () => {
  const flat = new Float64Array(60).fill(7);
  assertEquals(variationDenominator(flat, BOX, { weight: 0.02, smoothing: 0.007 }), new Float64Array(60).fill(1));
});

Deno.test("divergence is minus the adjoint of the gradient", () => {
  const u = randomVolume(BOX, 1);
  const p = [randomVolume(BOX, 2), randomVolume(BOX, 3), randomVolume(BOX, 4)] as const;
  const [gz, gy, gx] = gradient(u, BOX);
  // Sums of 180 products of numbers below 1 in double precision.
  assertAlmostEquals(dot(gz, p[0]) + dot(gy, p[1]) + dot(gx, p[2]), -dot(u, divergence(p, BOX)), 1e-12);
});

Deno.test("the denominator is 1 + weight times the derivative of the smoothed total variation", () => {
  const [weight, smoothing, step] = [0.01, 0.05, 1e-4];
  const u = randomVolume(BOX, 5);
  const totalVariation = (volume: Float64Array) => {
    const [gz, gy, gx] = gradient(volume, BOX);
    return gz.reduce((sum, _, i) => sum + Math.hypot(gz[i], gy[i], gx[i], smoothing), 0);
  };
  const denominator = variationDenominator(u, BOX, { weight, smoothing });
  for (const i of [0, 17, 42, 59]) {
    const [up, down] = [u.slice(), u.slice()];
    up[i] += step;
    down[i] -= step;
    const derivative = (totalVariation(up) - totalVariation(down)) / (2 * step);
    // The error of a central difference is step^2 / 6 times the third derivative, here below 100 / smoothing^2.
    assertAlmostEquals(denominator[i], 1 + weight * derivative, 1e-2 * step ** 2 * 100 / smoothing ** 2);
  }
});

Deno.test("the denominator of a single bright voxel is what one computes by hand", () => {
  const u = new Float64Array(60);
  u[0] = 1;
  const denominator = variationDenominator(u, BOX, { weight: 0.1, smoothing: 1e-9 });
  // Forward differences at the voxel are (-1, -1, -1), of length sqrt 3; those of its three predecessors are 1, of length 1.
  assertAlmostEquals(denominator[0], 1 + 0.1 * (Math.sqrt(3) + 3), 1e-8);
});
