import { assert, assertEquals } from "@std/assert";
import { createRandom } from "functions/cli/demo/sample/random.ts";

const DRAWS = 40_000;

function meanAndVariance(draw: () => number): [mean: number, variance: number] {
  const values = Float64Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS];
}

Deno.test("the same seed gives the same numbers, another seed others", () => {
  const take = (seed: number) => Array.from({ length: 8 }, createRandom(seed).uniform);
  assertEquals(take(3), take(3));
  assert(take(3).every((value, index) => value !== take(4)[index]));
});

Deno.test("photon counts have the mean and the variance of Poisson's law", () => {
  const random = createRandom(1);
  // 0.3 and 11 are counted by products, the others by rejection.
  for (const mean of [0.3, 11, 12, 40, 900]) {
    const [found, variance] = meanAndVariance(() => random.poisson(mean));
    // Five standard errors: the mean's is sqrt(mean / n), the variance's sqrt((mean + 2 mean^2) / n).
    assert(Math.abs(found - mean) < 5 * Math.sqrt(mean / DRAWS), `mean ${found} of ${mean}`);
    assert(
      Math.abs(variance - mean) < 5 * Math.sqrt((mean + 2 * mean ** 2) / DRAWS),
      `variance ${variance} of ${mean}`,
    );
  }
  assertEquals(random.poisson(0), 0);
});

Deno.test("normal numbers have mean 0 and variance 1", () => {
  const [mean, variance] = meanAndVariance(createRandom(2).normal);
  // Five standard errors, sqrt(1 / n) and sqrt(2 / n).
  assert(Math.abs(mean) < 5 * Math.sqrt(1 / DRAWS), String(mean));
  assert(Math.abs(variance - 1) < 5 * Math.sqrt(2 / DRAWS), String(variance));
});
