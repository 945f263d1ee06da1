import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import type { DeconvolverOptions, Volume } from "kernels/deconvolver.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { referenceBlur } from "./blur.ts";
import { gaussianPsf } from "./gaussian_psf.ts";
import { randomVolume } from "./random_volume.ts";
import { referenceRichardsonLucy, referenceRun } from "./richardson_lucy.ts";

const BOX: Vec3 = [4, 6, 8];
const DELTA: Volume = { shape: [1, 1, 1], values: Float32Array.of(1) };
const PSF = gaussianPsf([3, 4, 5], [0.8, 1, 1.2]);
const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
const largestDifference = (a: Float64Array, b: Float64Array) =>
  a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);

/** Richardson-Lucy by the sums of its definition: no transform, no rolling, no adjoint trick. */
function directRichardsonLucy(data: Float64Array, psf: Volume, box: Vec3, iterations: number): Float64Array {
  const total = psf.values.reduce((a, b) => a + b, 0);
  const weight = (offset: number[]) => {
    const [z, y, x] = offset.map((o, axis) => {
      const index = ((o + Math.floor(psf.shape[axis] / 2)) % box[axis] + box[axis]) % box[axis];
      return index < psf.shape[axis] ? index : -1;
    });
    return z < 0 || y < 0 || x < 0 ? 0 : psf.values[(z * psf.shape[1] + y) * psf.shape[2] + x] / total;
  };
  const at = (i: number) => [Math.floor(i / (box[1] * box[2])), Math.floor(i / box[2]) % box[1], i % box[2]];
  const matrix = Array.from(
    data,
    (_, to) => Array.from(data, (_, from) => weight(at(to).map((p, a) => p - at(from)[a]))),
  );
  let u = data.slice();
  for (let k = 0; k < iterations; k++) {
    const blurred = matrix.map((row) => row.reduce((t, w, from) => t + w * u[from], 0));
    const ratio = blurred.map((m, i) => data[i] / m);
    u = u.map((value, from) => value * ratio.reduce((t, r, to) => t + matrix[to][from] * r, 0));
  }
  return u;
}

Deno.test("the reference equals the sums of the definition for PSFs of odd and even sides", () => {
  const data = randomVolume(BOX, 1).map((v) => v + 0.1);
  for (const shape of [[3, 3, 3], [2, 4, 6], [3, 4, 5]] as const) {
    // A lopsided PSF: a flip or a shift by one voxel would show.
    const psf = { shape, values: Float32Array.from({ length: voxelCount(shape) }, (_, i) => 1 + ((i * 5) % 7)) };
    const reference = referenceRichardsonLucy(data, { box: BOX, psf, iterations: 3 });
    // Double precision throughout: sums of 192 numbers of order 1, three times.
    assertLess(largestDifference(reference, directRichardsonLucy(data, psf, BOX, 3)), 1e-12);
  }
});

Deno.test("a flat object on its background is a fixed point", () => {
  const data = new Float64Array(192).fill(130);
  const estimate = referenceRichardsonLucy(data, { box: BOX, psf: PSF, background: 100, iterations: 5 });
  // Start 130 - 100; transforms of numbers of order 100 round at 1e-14 of them.
  assertLess(largestDifference(estimate, new Float64Array(192).fill(30)), 1e-10);
});

Deno.test("an object on a background that is known is found without it", () => {
  const object = randomVolume(BOX, 2).map((v) => (v > 0.8 ? 50 : 1));
  const data = referenceBlur(PSF, BOX).forward(object).map((v) => v + 20);
  const options: DeconvolverOptions = { box: BOX, psf: PSF, background: 20 };
  const estimate = referenceRichardsonLucy(data, { ...options, iterations: 300 });
  const model = referenceBlur(PSF, BOX).forward(estimate).map((v) => v + 20);
  // Noise-free data are fitted ever closer: by now within a quarter of the photon noise of a voxel of 20, the darkest.
  assertLess(largestDifference(model, data), 0.25 * Math.sqrt(20));
  assertAlmostEquals(sum(estimate) / sum(object), 1, 0.02);
});

Deno.test("a voxel darker than the background starts from a tenth of its value", () => {
  const data = new Float64Array(192).fill(60);
  data[3] = 10;
  // With a delta PSF one step from u is u d / (u + b): 1 * 10 / (1 + 30) here and 30 * 60 / 60 elsewhere.
  const estimate = referenceRichardsonLucy(data, { box: BOX, psf: DELTA, background: 30, iterations: 1 });
  assertAlmostEquals(estimate[3], 10 / 31, 1e-12);
  assertAlmostEquals(estimate[4], 30, 1e-12);
});

Deno.test("damping leaves an estimate alone that explains the data within their noise", () => {
  const data = randomVolume(BOX, 3).map((v) => 1000 + 30 * (v - 0.5));
  const options = { box: BOX, psf: PSF, start: "flat", iterations: 10 } as const;
  const damped = referenceRichardsonLucy(data, { ...options, dampingSigmas: 3 });
  // Differences of at most 15.5 are half a deviation of sqrt(1000): U <= 0.028, so ratios differ from 1 by 1e-13 at most.
  assertLess(largestDifference(damped, new Float64Array(192).fill(sum(data) / 192)), 1e-8);
  assertLess(1, largestDifference(referenceRichardsonLucy(data, options), damped));
});

Deno.test("an estimate above saturated data is left alone, one below is raised to them", () => {
  const data = new Float64Array(192).fill(2);
  data[0] = 194;
  // The mean is 3. Voxels of 2 are saturated and explained by 3; the one of 194 is not.
  const run = { box: BOX, psf: DELTA, start: "flat", iterations: 1 } as const;
  const estimate = referenceRichardsonLucy(data, { ...run, saturation: 2 });
  assertAlmostEquals(estimate[1], 3, 1e-12);
  assertAlmostEquals(estimate[0], 194, 1e-10);
  assertAlmostEquals(referenceRichardsonLucy(data, run)[1], 2, 1e-12);
});

Deno.test("masking saturated voxels brings a clipped bead closer to the truth", () => {
  const bead = new Float64Array(192).fill(1);
  bead[100] = 1000;
  const blurred = referenceBlur(PSF, BOX).forward(bead);
  const clipped = blurred.map((v) => Math.min(v, 20));
  const options = { box: BOX, psf: PSF, iterations: 100 } as const;
  const error = (estimate: Float64Array) => Math.abs(estimate[100] - 1000);
  const masked = error(referenceRichardsonLucy(clipped, { ...options, saturation: 20 }));
  assertLess(masked, 0.5 * error(referenceRichardsonLucy(clipped, options)));
});

Deno.test("the measured I-divergence is that of the estimates before each iteration, summed over the measured box", () => {
  const data = new Float64Array(192).fill(2);
  data[0] = 194;
  const measured = { start: [0, 0, 0], shape: [1, 1, 3] } as const;
  const run = { box: BOX, psf: DELTA, start: "flat", iterations: 3, measureEvery: 2, measured } as const;
  const { divergence } = referenceRun(data, run);
  assertEquals(divergence.map(({ iteration }) => iteration), [0, 2]);
  // Three voxels: 194 and twice 2, from a model of 3; after one step a delta PSF has explained everything.
  const byHand = 194 * Math.log(194 / 3) - 194 + 3 + 2 * (2 * Math.log(2 / 3) - 2 + 3);
  assertAlmostEquals(divergence[0].fit, byHand, 1e-9);
  assertAlmostEquals(divergence[1].fit, 0, 1e-9);
});

Deno.test("held-out photons are compared with the model scaled to them", () => {
  const data = new Float64Array(192).fill(6);
  const heldOut = { values: new Float32Array(192).fill(2), ratio: 1 / 3 };
  const run = { box: BOX, psf: PSF, iterations: 2, measureEvery: 1 } as const;
  const exact = referenceRun(data, { ...run, heldOut }).divergence;
  assertAlmostEquals(exact[0].heldOut!, 0, 1e-10);
  const off = referenceRun(data, { ...run, heldOut: { ...heldOut, ratio: 0.5 } }).divergence;
  assertAlmostEquals(off[0].heldOut!, 192, 1e-9);
});

Deno.test("non-circulant edges keep flat data flat and the weighted sum equal to that of the data", () => {
  const observed = { start: [1, 1, 2], shape: [2, 4, 5] } as const;
  const options = { box: BOX, psf: PSF, nonCirculant: true, observed } as const;
  const flat = referenceRichardsonLucy(new Float64Array(192).fill(9), { ...options, iterations: 20 });
  const mask = Float64Array.from(flat, (_, i) => {
    const [z, y, x] = [Math.floor(i / 48), Math.floor(i / 8) % 6, i % 8];
    return z >= 1 && z < 3 && y >= 1 && y < 5 && x >= 2 && x < 7 ? 1 : 0;
  });
  const seen = referenceBlur(PSF, BOX).adjoint(mask);
  // A start at the mean is the fixed point itself, but for voxels too far out to be seen, which hold 0 and blur inwards.
  flat.forEach((value, i) => mask[i] && assertAlmostEquals(value, 9, 0.02 * 9));
  const data = randomVolume(BOX, 4).map((v) => 1 + v);
  const estimate = referenceRichardsonLucy(data, { ...options, iterations: 5 });
  // From the second iteration on nothing is left where Ht1 <= 0.01, and sum(Ht1 u) = sum(u_old Ht r) = sum(d) but for rounding.
  const weighted = sum(estimate.map((u, i) => u * seen[i]));
  assertAlmostEquals(weighted / sum(data.map((d, i) => d * mask[i])), 1, 1e-12);
});

Deno.test("total variation flattens noise", () => {
  const data = randomVolume(BOX, 5).map((v) => 100 + 20 * (v - 0.5));
  const spread = (estimate: Float64Array) => Math.max(...estimate) - Math.min(...estimate);
  const options = { box: BOX, psf: PSF, iterations: 20 } as const;
  const smoothed = referenceRichardsonLucy(data, { ...options, totalVariation: 0.02 });
  assertLess(spread(smoothed), 0.5 * spread(referenceRichardsonLucy(data, options)));
});
