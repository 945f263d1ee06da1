import { assertAlmostEquals } from "@std/assert";
import type { Volume } from "kernels/deconvolver.ts";
import { wienerButterworthGain } from "kernels/wiener_butterworth.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { referenceOtf } from "./blur.ts";
import { gaussianPsf } from "./gaussian_psf.ts";
import { halfHeightWidth, wienerButterworthOtf } from "./wiener_butterworth.ts";

const BOX: Vec3 = [8, 10, 12];

Deno.test("a width at half maximum is interpolated between samples", () => {
  // Half of 4 is crossed a third of the way from 1 to 4 and half way from 4 to 0.
  assertAlmostEquals(halfHeightWidth([0, 1, 4, 0]), 2 / 3 + 0.5, 1e-12);
  // A Gaussian of 4 voxels is 2.3548 of them wide; linear interpolation between samples errs by far less than 1 %.
  const gaussian = Array.from({ length: 41 }, (_, i) => Math.exp(-(((i - 20) / 4) ** 2) / 2));
  assertAlmostEquals(halfHeightWidth(gaussian), 2 * Math.sqrt(2 * Math.LN2) * 4, 0.03);
});

Deno.test("the Wiener-Butterworth projector passes a flat volume and has the adjoint's gain at the resolution limit", () => {
  const psf = gaussianPsf([15, 15, 15], [1.5, 1.5, 1.5]);
  const gain = wienerButterworthGain(psf);
  assertAlmostEquals(gain([0, 0, 0], 1), 1, 1e-12);
  const cutOff = 1 / halfHeightWidth([0, ...psf.values.slice(7 * 225 + 7 * 15, 7 * 225 + 8 * 15), 0]);
  const otf = Math.exp(-2 * (Math.PI * 1.5 * cutOff) ** 2);
  // The gain is (1 + alpha) where |H| is the adjoint's; the sampled Gaussian, cut at 4.7 sigma, differs from its closed form
  // exp(-2 pi^2 sigma^2 k^2) by 1e-5, of a |H| of 0.03 on which the gain depends no more than inversely.
  assertAlmostEquals(gain([0, 0, cutOff], otf ** 2), 1.001, 1e-3);
});

const PSFS: readonly Volume[] = [
  gaussianPsf([5, 6, 7], [1, 1.2, 1.4]),
  { shape: [1, 1, 1], values: Float32Array.of(3) },
  { shape: [2, 3, 3], values: Float32Array.from({ length: 18 }, (_, i) => 1 + ((i * 7) % 5)) },
];

for (const psf of PSFS) {
  Deno.test(`both spellings of the Wiener-Butterworth projector agree for a PSF of ${psf.shape}`, () => {
    const otf = referenceOtf(psf, BOX);
    const reference = wienerButterworthOtf(psf, otf, BOX);
    const gain = wienerButterworthGain(psf);
    const side = (i: number, axis: number) => (i <= BOX[axis] / 2 ? i : i - BOX[axis]) / BOX[axis];
    otf.re.forEach((re, i) => {
      const frequency: Vec3 = [side(Math.floor(i / 120), 0), side(Math.floor(i / 12) % 10, 1), side(i % 12, 2)];
      const factor = gain(frequency, re ** 2 + otf.im[i] ** 2);
      // Double precision; the tenth power multiplies relative rounding by ten, gains are at most 1 / (2 sqrt alpha) = 16.
      assertAlmostEquals(re * factor, reference.re[i], 1e-11);
      assertAlmostEquals(-otf.im[i] * factor, reference.im[i], 1e-11);
    });
  });
}
