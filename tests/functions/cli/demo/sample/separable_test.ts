import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Vec3 } from "shared/volume/geometry.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import {
  convolvePeriodic,
  gaussianProfile,
  mirrored,
  outerProduct,
  type Profiles,
} from "functions/cli/demo/sample/separable.ts";

const SHAPE: Vec3 = [5, 6, 7];
const random = createRandom(1);
const numbers = (length: number) => Float64Array.from({ length }, random.uniform);
const PROFILES: Profiles = [numbers(4), numbers(3), numbers(9)];
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, index) => sum + value * b[index], 0);

Deno.test("a point becomes the point spread function, centred on it, wrapped around", () => {
  const point = new Float64Array(voxelCount(SHAPE));
  point[0] = 1;
  const spread = convolvePeriodic(point, SHAPE, PROFILES);
  const { shape, values } = outerProduct(PROFILES);
  const expected = new Float64Array(point.length);
  values.forEach((value, index) => {
    const at = [Math.floor(index / shape[1] / shape[2]), Math.floor(index / shape[2]) % shape[1], index % shape[2]];
    const [z, y, x] = at.map((i, axis) => (i - (shape[axis] >> 1) + 10 * SHAPE[axis]) % SHAPE[axis]);
    expected[(z * SHAPE[1] + y) * SHAPE[2] + x] += value;
  });
  // The values of the point spread function were rounded to float32, relative 6e-8.
  spread.forEach((value, index) => assertAlmostEquals(value, expected[index], 1e-6));
});

Deno.test("mirrored profiles are the adjoint, also of even length", () => {
  const [a, b] = [numbers(voxelCount(SHAPE)), numbers(voxelCount(SHAPE))];
  const forward = dot(convolvePeriodic(a, SHAPE, PROFILES), b);
  const backward = dot(a, convolvePeriodic(b, SHAPE, mirrored(PROFILES)));
  // Both are sums of the same products in another order: some thousand roundings of 1e-16.
  assert(Math.abs(forward - backward) < 1e-12 * forward);
});

Deno.test("a Gaussian profile has sum 1, its centre where it should, and its width", () => {
  const profile = gaussianProfile(41, 3);
  const mean = profile.reduce((sum, value, index) => sum + value * (index - 20), 0);
  const variance = profile.reduce((sum, value, index) => sum + value * (index - 20 - mean) ** 2, 0);
  assertAlmostEquals(profile.reduce((sum, value) => sum + value, 0), 1, 1e-12);
  assertAlmostEquals(mean, 0, 1e-12);
  // Averaging over a voxel adds the variance of a voxel, 1/12; the tails beyond 6 sigma are below 1e-8.
  assertAlmostEquals(variance, 9 + 1 / 12, 1e-3);
  assertEquals(gaussianProfile(8, 1).indexOf(Math.max(...gaussianProfile(8, 1))), 4);
});
