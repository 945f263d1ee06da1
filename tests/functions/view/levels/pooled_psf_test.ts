import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { isResolved, pooledPsf } from "functions/view/levels/pooled_psf.ts";

/** A Gaussian along x, of this many voxels on both sides of its centre. */
function line(sigma: number, reach: number) {
  const values = Float64Array.from(
    { length: 2 * reach + 1 },
    (_, at) => Math.exp(-((at - reach) ** 2) / (2 * sigma ** 2)),
  );
  const sum = values.reduce((a, b) => a + b);
  return { shape: [1, 1, values.length] as const, values: values.map((value) => value / sum) };
}

for (const step of [1, 2, 3, 4]) {
  Deno.test(`the PSF pooled by ${step} blurs means of cells as the PSF blurs what is constant in each cell`, () => {
    const psf = line(2.5, 9);
    const pooled = pooledPsf(psf, [1, 1, step]);
    const reach = (pooled.values.length - 1) / 2;
    const cells = Float64Array.from({ length: 24 }, (_, cell) => cell * 7 % 11);
    const fine = (at: number) => cells[Math.floor(at / step)] ?? 0;
    for (let cell = 10; cell < 14; cell++) {
      let mean = 0;
      for (let inside = 0; inside < step; inside++) {
        for (const [tap, weight] of psf.values.entries()) {
          mean += weight * fine(cell * step + inside - (tap - 9)) / step;
        }
      }
      const coarse = pooled.values.reduce((sum, weight, tap) => sum + weight * (cells[cell - (tap - reach)] ?? 0), 0);
      // Sums of some 80 products of doubles about 10 in size err by less than 80 * 10 * 1e-16.
      assertAlmostEquals(coarse, mean, 1e-12);
    }
    assertAlmostEquals(pooled.values.reduce((a, b) => a + b), 1, 1e-14);
  });
}

Deno.test("a PSF of one voxel stays one cell", () => {
  assertEquals(pooledPsf({ shape: [1, 1, 1], values: Float64Array.of(1) }, [2, 2, 2]), {
    shape: [1, 1, 1],
    values: Float64Array.of(1),
  });
});

Deno.test("a PSF counts as resolved from two voxels of full width at half height on", () => {
  // The full width of a Gaussian at half height is 2.355 of its deviations.
  assert(isResolved(line(0.9, 6)));
  assert(!isResolved(line(0.7, 6)));
});
