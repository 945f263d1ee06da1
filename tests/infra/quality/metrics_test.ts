import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { meanDivergence, psnr, rmse, ssim } from "../../../infra/quality/metrics.ts";
import { randomVolume } from "../../reference/random_volume.ts";

Deno.test("errors are what one computes by hand", () => {
  assertEquals(rmse([1, 2, 3, 5], [1, 2, 3, 1]), 2);
  // 20 log10(3 / 2), the peak of the truth being 3.
  assertAlmostEquals(psnr([1, 2, 3, 5], [1, 2, 3, 1]), 20 * Math.log10(3 / 2), 1e-12);
  assertAlmostEquals(meanDivergence([3, 0], [2, 2]), (3 * Math.log(1.5) - 1 + 2) / 2, 1e-12);
});

Deno.test("the structural similarity of a volume with itself is 1, with noise on it less", () => {
  const volume = randomVolume([12, 13, 14], 1);
  const noisy = volume.map((v, i) => v + 0.1 * Math.sin(i));
  // 2184 voxels of quotients of equal numbers.
  assertAlmostEquals(ssim(volume, volume, [12, 13, 14]), 1, 1e-12);
  assertLess(ssim(noisy, volume, [12, 13, 14]), 0.99);
});

Deno.test("the structural similarity of two constants is that of their means", () => {
  const [a, b] = [new Float64Array(1728).fill(2), new Float64Array(1728).fill(3)];
  const c1 = (0.01 * 3) ** 2;
  // Variances vanish but for rounding of 1e-15, against c2 = 0.0081.
  assertAlmostEquals(ssim(a, b, [12, 12, 12]), (2 * 2 * 3 + c1) / (4 + 9 + c1), 1e-9);
});
