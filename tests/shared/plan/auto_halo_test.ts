import { assert, assertEquals } from "@std/assert";
import { autoHalo } from "shared/plan/auto_halo.ts";
import { type Algorithm, AlgorithmSchema } from "shared/contract/algorithm.ts";

const PSF = { shape: [25, 17, 17], sha256: "", radius: [11, 6, 6] } as const;
const SHAPE = [512, 512, 512] as const;
const PLAIN = AlgorithmSchema.parse({ acceleration: "none" });
const haloFor = (algorithm: Partial<Algorithm>) => autoHalo(PSF, { ...PLAIN, ...algorithm }, SHAPE);

Deno.test("few plain iterations need little more than two radii of the PSF, 20 about three, 100 about four", () => {
  assertEquals(haloFor({ iterations: 1 }), [26, 14, 14]);
  assertEquals(haloFor({ iterations: 5 }), [26, 14, 14]);
  assertEquals(haloFor({ iterations: 20 }).map((h, axis) => Math.round(h / PSF.radius[axis]!)), [3, 3, 3]);
  assertEquals(haloFor({ iterations: 100 }).map((h, axis) => Math.round(h / PSF.radius[axis]!)), [4, 4, 4]);
});

Deno.test("accelerated iterations reach further than as many plain ones", () => {
  for (const acceleration of ["shb", "biggs"] as const) {
    assert(haloFor({ iterations: 30, acceleration })[0] > haloFor({ iterations: 30 })[0]);
  }
});

for (
  const [algorithm, radii] of [
    // Noise allows 40 at most, which is what tiles are planned for.
    [{}, 5.67],
    [{ stop: "noise", iterations: 30 }, 5.29],
    [{ iterations: 20 }, 4.75],
  ] as const
) {
  Deno.test(`accelerated iterations of ${JSON.stringify(algorithm)} ask for ${radii} radii`, () => {
    const halo = autoHalo(PSF, AlgorithmSchema.parse(algorithm), SHAPE);
    assertEquals(halo, PSF.radius.map((radius) => Math.ceil(radii * radius)));
  });
}

Deno.test("an axis along which the PSF is one voxel wide needs no halo", () => {
  // A radius is at least 1, also where there is nothing to reach.
  const flat = { ...PSF, shape: [1, 17, 17], radius: [1, 3, 3] } as const;
  assertEquals(autoHalo(flat, PLAIN, SHAPE), [0, 10, 10]);
});

Deno.test("a PSF as large as a small image asks for no halo beyond the image and what light takes outside of it", () => {
  assertEquals(autoHalo(PSF, PLAIN, [25, 17, 256]), [25, 17, 20]);
  assertEquals(autoHalo(PSF, PLAIN, [7, 4, 256]), [11, 6, 20]);
});
