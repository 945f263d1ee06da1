import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { ClearstackError } from "shared/errors.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { chooseFit, type PsfUse } from "shared/psf/choose_fit.ts";
import type { Spacing } from "shared/psf/spacing.ts";
import { fitPsf } from "shared/psf/fit_psf.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";

const USE: PsfUse = {
  shape: [16, 40, 48],
  spacing: [undefined, undefined, undefined],
  boundary: "symmetric",
  psfPlane: "focus",
  psfSpacing: "match",
};

const form = (shape: Vec3, spacing: Spacing = USE.spacing) => ({ where: "the PSF", shape, spacing });

function stored(shape: Vec3, values: (index: number) => number = () => 1) {
  return { where: "the PSF", shape, values: Float32Array.from({ length: voxelCount(shape) }, (_, i) => values(i)) };
}

Deno.test("a PSF that the image can use as it is stays so", () => {
  assertEquals(chooseFit(form([31, 9, 9]), USE), undefined);
  assertEquals(chooseFit(form([30, 79, 95]), USE), undefined);
  assertEquals(chooseFit(form([16, 40, 48]), { ...USE, boundary: "periodic" }), undefined);
  assertEquals(chooseFit(form([1, 9, 9]), { ...USE, shape: [1, 40, 48] }), undefined);
});

Deno.test("a PSF keeps what two voxels of the image can exchange: 2 n - 1 voxels, or a period", () => {
  const side = fc.integer({ min: 1, max: 40 });
  const boundary = fc.constantFrom("periodic", "symmetric", "nearest", "constant", "non-circulant");
  fc.assert(fc.property(side, fc.integer({ min: 1, max: 120 }), boundary, (n, p, boundary) => {
    const shape = [2, n, 9] as const;
    const kept = chooseFit(form([3, p, 9]), { ...USE, shape, boundary })?.crop?.[1] ?? p;
    assertEquals(kept, Math.min(p, boundary === "periodic" ? n : 2 * n - 1));
  }));
});

Deno.test("cropping keeps the centre voxel of odd and even sides, and the factor makes the sum 1 again", async () => {
  for (const sides of [[9, 7, 5], [8, 6, 4], [9, 6, 4]] as const) {
    const values = gaussianPsf(sides, [2, 2, 2]).values;
    const crop = [5, 5, 3] as const;
    const { info, volume } = await fitPsf(stored(sides, (i) => values[i]!), { stored: sides, crop });
    const centre = mapAxes((axis) => sides[axis] >> 1);
    let held = 0;
    for (let z = -2; z <= 2; z++) {
      for (let y = -2; y <= 2; y++) {
        for (let x = -1; x <= 1; x++) {
          held += values[((centre[0] + z) * sides[1] + centre[1] + y) * sides[2] + centre[2] + x]!;
        }
      }
    }
    const whole = values.reduce((sum, value) => sum + value, 0);
    // Float32 keeps 6e-8 of each value.
    assertAlmostEquals(info.normalisation! * held / whole, 1, 1e-6);
    const peak = values[(centre[0] * sides[1] + centre[1]) * sides[2] + centre[2]]!;
    assertAlmostEquals(volume.values[(2 * 5 + 2) * 3 + 1]! / (peak / held), 1, 1e-6);
    assertAlmostEquals(volume.values.reduce((sum, value) => sum + value, 0), 1, 1e-6);
  }
});

Deno.test("an image of one plane takes the plane of focus, wherever it is, or the sum of all", async () => {
  const planes = [[0, 1, 0, 0], [0, 2, 8, 0], [1, 1, 1, 1]].flat();
  const fit = { stored: [3, 2, 2] as const };
  const focus = await fitPsf(stored([3, 2, 2], (i) => planes[i]!), { ...fit, plane: "focus" });
  assertEquals([focus.info.shape, [...focus.volume.values]], [[1, 2, 2], [0, 0.2, 0.8, 0].map(Math.fround)]);
  const sum = await fitPsf(stored([3, 2, 2], (i) => planes[i]!), { ...fit, plane: "project" });
  assertEquals([...sum.volume.values], [1, 4, 9, 1].map((value) => Math.fround(value / 15)));
});

Deno.test("a PSF whose light is all cropped is refused, naming where it is", async () => {
  const corner = stored([9, 9, 9], (i) => i === 0 ? 1 : 0);
  const error = await assertRejects(() => fitPsf(corner, { stored: [9, 9, 9], crop: [3, 3, 3] }), ClearstackError);
  assertEquals(error.kind, "invalid-request");
  assertEquals(/voxel is 0,0,0 of 9,9,9; .*--recentre peak$/.test(error.message), true, error.message);
});
