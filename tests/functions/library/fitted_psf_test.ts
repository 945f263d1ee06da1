/** PSFs that are not as large as the image would have them, through plan and tiles. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ArrayImage, ClearstackError, deconvolve, planJob } from "@clearstack/clearstack";
import { aboutCentre } from "shared/psf/psf_volume.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { randomVolume } from "../../reference/random_volume.ts";

const CPU = { algorithm: { iterations: 3 }, backend: "cpu" } as const;

function arrayOf(shape: Vec3, values: ArrayLike<number>, axes = "zyx"): ArrayImage {
  return { data: Float32Array.from(values), shape: axes === "yx" ? shape.slice(1) : [...shape], axes };
}

const IMAGE = arrayOf([6, 20, 24], randomVolume([6, 20, 24], 1));
const TALL = gaussianPsf([31, 9, 9], [4, 1.5, 1.5]);

Deno.test("a PSF taller than the image gives what its middle 2 n - 1 planes give, and the plan says so", async () => {
  for (const boundary of ["symmetric", "non-circulant"] as const) {
    const options = { ...CPU, algorithm: { ...CPU.algorithm, boundary } };
    const middle = aboutCentre(TALL, [11, 9, 9]);
    const whole = await deconvolve(IMAGE, arrayOf(TALL.shape, TALL.values), options);
    const part = await deconvolve(IMAGE, arrayOf(middle.shape, middle.values), options);
    assertEquals(part.warnings, []);
    assertEquals(whole.warnings.map(({ code, level }) => [code, level]), [["psf-cropped", "note"]]);
    // The same PSF but for the roundings of its float32 values, 6e-8 each, which three iterations hardly enlarge.
    const most = part.data.reduce((most, value) => Math.max(most, value), 0);
    assert(whole.data.every((value, i) => Math.abs(value - part.data[i]!) < 1e-5 * most));
    const { psf } = whole.provenance as { psf: { fit: { crop: number[] }; normalisation: number } };
    assertEquals(psf.fit.crop, [11, 9, 9]);
    const share = middle.values.reduce((sum, v) => sum + v, 0) / TALL.values.reduce((sum, v) => sum + v, 0);
    assert(Math.abs(psf.normalisation * share - 1) < 1e-6);
  }
});

Deno.test("an image that is given as the PSF of a smaller one, as where the two are swapped, is warned of", async () => {
  const psf = arrayOf([5, 9, 9], gaussianPsf([5, 9, 9], [1, 1.5, 1.5]).values);
  const { plan } = await planJob(psf, arrayOf([24, 40, 40], randomVolume([24, 40, 40], 1)), CPU);
  const warning = plan.warnings.find(({ code }) => code === "psf-cropped");
  assertEquals([warning?.level, warning?.limit], ["warning", 0.5]);
  assert(warning?.message.endsWith("are the image and its PSF swapped?"), warning?.message);
});

Deno.test("a periodic image takes a PSF of one period, unless that loses over 2 % of its light", async () => {
  const options = { ...CPU, algorithm: { ...CPU.algorithm, boundary: "periodic" } } as const;
  const narrow = gaussianPsf([31, 9, 9], [0.8, 1.5, 1.5]);
  const { plan } = await planJob(IMAGE, arrayOf(narrow.shape, narrow.values), options);
  assertEquals([plan.psf.shape, plan.warnings[0]?.code], [[6, 9, 9], "psf-cropped"]);
  const error = await assertRejects(
    () => planJob(IMAGE, arrayOf(TALL.shape, TALL.values), options),
    ClearstackError,
    "give another boundary than periodic",
  );
  assertEquals([error.kind, error.limit], ["invalid-request", 0.02]);
});

Deno.test("an image of one plane takes one plane of a PSF, or their sum where that is asked for", async () => {
  for (const axes of ["zyx", "yx"]) {
    const flat = arrayOf([1, 20, 24], randomVolume([1, 20, 24], 2), axes);
    // A Gaussian is the same in every plane, so that a skewed one tells them apart.
    const values = Float32Array.from(TALL.values, (value, i) => i % 9 < 4 && i < 15 * 81 ? 0 : value);
    const skewed = arrayOf(TALL.shape, values);
    const plane = arrayOf([1, 9, 9], values.slice(15 * 81, 16 * 81), "yx");
    const sum = Float64Array.from({ length: 81 }, (_, i) => {
      let total = 0;
      for (let z = 0; z < 31; z++) total += values[z * 81 + i]!;
      return total;
    });
    const [focus, project] = [
      await deconvolve(flat, skewed, CPU),
      await deconvolve(flat, skewed, { ...CPU, psfPlane: "project" }),
    ];
    assertEquals(focus.data, (await deconvolve(flat, plane, CPU)).data);
    const projected = await deconvolve(flat, arrayOf([1, 9, 9], sum, "yx"), CPU);
    assert(project.data.every((value, i) => Math.abs(value - projected.data[i]!) < 1e-5));
    assertEquals([focus, project].map(({ warnings }) => warnings.map(({ code }) => code)), [["psf-plane"], [
      "psf-plane",
    ]]);
  }
});
