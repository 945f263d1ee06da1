import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { averagePsfs } from "shared/psf/measure/average_psfs.ts";
import { backgroundOf, borderValues } from "shared/psf/measure/psf_background.ts";
import { centreOfMass, centreOfPeak, recentred, shifted } from "shared/psf/centring.ts";
import { cropByEnergy, energyBox } from "shared/psf/measure/energy_box.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import { repairPsf } from "shared/psf/measure/repair_psf.ts";
import { aboutCentre, centreVoxel, mirroredInDepth, type PsfVolume, sumOf } from "shared/psf/psf_volume.ts";
import { radiallyAveraged } from "shared/psf/measure/radial_average.ts";
import { resampled } from "shared/psf/resample_psf.ts";
import { widthsThrough } from "shared/psf/measure/widths.ts";

/** Largest difference, relative to the peak of `expected`. */
function difference(found: PsfVolume, expected: PsfVolume): number {
  assertEquals(found.shape, expected.shape);
  const peak = expected.values.reduce((most, value) => Math.max(most, value), 0);
  return found.values.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.values[i]!)), 0) / peak;
}

/** A Gaussian whose centre lies `offset` from the centre voxel's middle, sampled at voxel centres; peak 1. */
function sampledGaussian(shape: Vec3, sigma: Vec3, offset: Vec3): PsfVolume {
  const centre = centreVoxel(shape);
  const values = Float64Array.from({ length: voxelCount(shape) }, (_, i) => {
    const at = [Math.floor(i / (shape[1] * shape[2])), Math.floor(i / shape[2]) % shape[1], i % shape[2]] as const;
    const squares = mapAxes((axis) => ((at[axis] - centre[axis] - offset[axis]) / sigma[axis]) ** 2);
    return Math.exp(-0.5 * (squares[0] + squares[1] + squares[2]));
  });
  return { shape, values };
}

/** Error of interpolation by degree 5, relative to the peak: 0.0049 / sigma^6 times the largest 6th derivative, 15. */
function interpolationError(sigma: Vec3): number {
  return mapAxes((axis) => 0.0049 * 15 / sigma[axis] ** 6).reduce((sum, error) => sum + error, 0);
}

Deno.test("a Gaussian resampled is the Gaussian made at the new voxel size, finer and coarser", () => {
  const sigma: Vec3 = [3, 4, 4];
  const old = gaussianPsf([37, 49, 49], sigma);
  for (const to of [[0.8, 0.5, 0.7], [1.9, 1.3, 2.6], [1, 1, 1]] as const) {
    const found = resampled(old, { from: [1, 1, 1], to });
    const expected = gaussianPsf(found.shape, mapAxes((axis) => sigma[axis] / to[axis]));
    // Per axis two faces, each off by 0.0049 max|5th derivative of the density| = 0.0049 * 2.31 / sigma^6; relative to a peak
    // of to * 0.399 / sigma. The old array ends at 6 sigma, beyond which lie 2e-9.
    const bound = mapAxes((axis) => 2 * 0.0049 * 2.31 / sigma[axis] ** 5 / (0.399 * to[axis]));
    assert(difference(found, expected) < bound[0] + bound[1] + bound[2] + 1e-8, to.join());
  }
});

Deno.test("resampling keeps the sum, any content, any ratio, odd and even sides", () => {
  const sides = fc.tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 2, max: 9 }),
    fc.integer({ min: 2, max: 9 }),
  );
  const ratio = fc.double({ min: 0.2, max: 5, noNaN: true });
  fc.assert(fc.property(sides, fc.tuple(ratio, ratio, ratio), fc.integer(), (shape, to, seed) => {
    const random = createRandom(seed);
    const volume = { shape, values: Float64Array.from({ length: voxelCount(shape) }, () => random.uniform()) };
    const found = resampled(volume, { from: [1, 1, 1], to });
    // Sums of at most 500 positive numbers of order 1, in another order.
    assertAlmostEquals(sumOf(found), sumOf(volume), 1e-10);
  }));
});

Deno.test("voxel sizes that differ by rounding are the same", () => {
  const volume = gaussianPsf([9, 9, 9], [1, 1, 1]);
  assertEquals(resampled(volume, { from: [0.2, 0.065, 0.065], to: [0.2, 0.06500000162, 0.065] }), volume);
});

Deno.test("moving by a fraction of a voxel moves a Gaussian, and there and back again is nearly nothing", () => {
  const sigma: Vec3 = [2.5, 3, 3];
  const shape: Vec3 = [27, 31, 31];
  const offset: Vec3 = [0.4, -0.3, 0.5];
  const found = shifted(sampledGaussian(shape, sigma, [0, 0, 0]), offset);
  // The array ends at 5 sigma, where it is cut by 4e-6.
  assert(difference(found, sampledGaussian(shape, sigma, offset)) < interpolationError(sigma) + 4e-6);
});

Deno.test("whole voxels are moved exactly", () => {
  const volume: PsfVolume = { shape: [1, 2, 4], values: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
  assertEquals([...shifted(volume, [0, 0, 1]).values], [0, 1, 2, 3, 0, 5, 6, 7]);
  assertEquals([...shifted(volume, [0, -1, -2]).values], [7, 8, 0, 0, 0, 0, 0, 0]);
});

Deno.test("centres are found between voxels", () => {
  for (const offset of [[0.3, -0.45, 0.2], [-1.2, 2.4, 0.5]] as const) {
    const volume = sampledGaussian([25, 31, 31], [2, 2.5, 2.5], offset);
    const [peak, mass] = [centreOfPeak(volume), centreOfMass(volume)];
    for (const axis of [0, 1, 2] as const) {
      const expected = (volume.shape[axis] >> 1) + offset[axis];
      // Sums of a Gaussian of 2 voxels differ from integrals by exp(-2 pi^2 * 2); what stops the search is a step of 1e-6;
      // cutting at 4 sigma unevenly weighs exp(-16 / 2 - 16 / 2) more on one side.
      assertAlmostEquals(peak[axis], expected, 5e-6);
      // The farther edge cuts the mass at 4.3 sigma and more: 1e-5 of it, 9 voxels out.
      assertAlmostEquals(mass[axis], expected, 3e-4);
    }
  }
});

Deno.test("the peak is found beside a bright neighbour and on a background, where the mass is not", () => {
  const { shape, values } = sampledGaussian([1, 41, 41], [1, 2, 2], [0, 0.3, -0.2]);
  const neighbour = sampledGaussian(shape, [1, 2, 2], [0, 16, 14]).values;
  const volume = { shape, values: values.map((value, i) => value + 0.5 * neighbour[i]! + 0.01) };
  const [, y, x] = centreOfPeak(volume);
  // The neighbour is 8 voxels from the window's end. The flat 1 % pulls towards the window's own centre, 2 % of the distance.
  assertAlmostEquals(y, 20.3, 0.01);
  assertAlmostEquals(x, 19.8, 0.01);
  assert(Math.abs(centreOfMass(volume)[1] - 20.3) > 1);
});

Deno.test("recentring puts the peak, or the mass, into the centre voxel", () => {
  const volume = sampledGaussian([23, 31, 32], [2, 2.5, 2.5], [0.7, -2.2, 1.5]);
  const expected = sampledGaussian(volume.shape, [2, 2.5, 2.5], [0, 0, 0]);
  // Twice the array's cut: the Gaussian ends at 4.8 sigma, 1e-5, on the nearer side.
  const bound = interpolationError([2, 2.5, 2.5]) + 1e-4;
  assert(difference(recentred(volume, "peak"), expected) < bound);
  assert(difference(recentred(volume, "mass"), expected) < bound + 3e-4);
});

Deno.test("averaging about the axis leaves round PSFs alone and takes out what turns with the angle", () => {
  const sigma: Vec3 = [1.5, 3, 3];
  const round = sampledGaussian([5, 33, 33], sigma, [0, 0, 0]);
  const lopsided = round.values.map((value, i) => {
    const [y, x] = [Math.floor(i / 33) % 33 - 16, i % 33 - 16];
    return value * (1 + 0.05 * (x * x - y * y) / 9 + 0.1 * x * y / 9 + 0.2 * x / 3);
  });
  // Interpolation along x and y, then along the radius at a quarter voxel, which adds nothing visible.
  const bound = 2 * interpolationError([Infinity, 3, 3]);
  assert(difference(radiallyAveraged(round, [1, 1, 1]), round) < bound);
  // The terms in the angle have steeper derivatives: r^2 e^(-r^2/2) has a 6th of at most 90, with factor 0.1, besides 15.
  const inside = (volume: PsfVolume) => aboutCentre(volume, [5, 29, 29]);
  const found = radiallyAveraged({ shape: round.shape, values: lopsided }, [1, 1, 1]);
  assert(difference(inside(found), inside(round)) < 3 * bound);
});

Deno.test("circles are round in space where voxels are not square", () => {
  const oblong = sampledGaussian([1, 21, 41], [1, 2, 4], [0, 0, 0]);
  const found = radiallyAveraged(oblong, [0.3, 0.2, 0.1]);
  assert(difference(found, oblong) < 2 * interpolationError([Infinity, 2, 4]));
});

Deno.test("noise shrinks when it is averaged about the axis", () => {
  const random = createRandom(5);
  const noise = { shape: [1, 41, 41] as const, values: new Float64Array(41 * 41).map(() => random.normal()) };
  const averaged = radiallyAveraged(noise, [1, 1, 1]);
  const ring = (y: number, x: number) => averaged.values[(20 + y) * 41 + 20 + x]!;
  // 15 voxels out a circle crosses about 94 voxels: noise of about 0.1; 0.4 is four times that.
  for (const [y, x] of [[0, 15], [15, 0], [9, 12], [-12, 9]] as const) assert(Math.abs(ring(y, x)) < 0.4);
  // All of these lie at radius 15 and hold one value, up to interpolation along the radius, which is exact there.
  assertAlmostEquals(ring(0, 15), ring(9, 12), 1e-12);
});

Deno.test("the background is the level of the border, whatever stands in the middle or hangs over the edge", () => {
  const random = createRandom(7);
  const { shape, values } = sampledGaussian([15, 25, 25], [3, 2, 2], [0, 0, 9]);
  const counts = { shape, values: values.map((value) => random.poisson(100 + 3000 * value)) };
  const border = borderValues(counts);
  assertEquals(border.length, 15 * 25 * 25 - 13 * 23 * 23);
  const { level, noise } = backgroundOf(border);
  // 2,500 values of deviation 10 know their mean to 0.2, their median and 2.5 median - 1.5 mean to 0.6: three of these. The
  // Gaussian, 2 deviations from one face, leaves its skirts below 3 deviations of noise over some hundred voxels: 1 more.
  assertAlmostEquals(level, 100, 3);
  assertAlmostEquals(noise, 10, 1);
});

Deno.test("where faint light skews what is left, the level lies below its mean", () => {
  const random = createRandom(9);
  const values = Float64Array.from({ length: 50_000 }, (_, i) => 100 + 10 * random.normal() + (i % 10 === 0 ? 25 : 0));
  const { level } = backgroundOf(values);
  // The mean is 102.5, of what is left after clipping about 102, and known to 0.05.
  assert(level > 99 && level < 101, `${level}`);
});

Deno.test("a flat border has that background exactly", () => {
  assertEquals(backgroundOf([7, 7, 7, 7, 7]), { level: 7, noise: 0 });
});

Deno.test("the energy box is the smallest that holds the share, found by trying all", () => {
  const sides = fc.tuple(
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 2, max: 6 }),
    fc.integer({ min: 2, max: 6 }),
  );
  fc.assert(fc.property(sides, fc.double({ min: 0.05, max: 1, noNaN: true }), fc.integer(), (shape, fraction, seed) => {
    const random = createRandom(seed);
    const volume = { shape, values: Float64Array.from({ length: voxelCount(shape) }, () => random.uniform() - 0.1) };
    const positive = { shape, values: volume.values.map((value) => Math.max(0, value)) };
    // Sums in another order differ in their last digits; the share asked for is kept clear of that.
    const holds = (half: Vec3, share: number) =>
      sumOf(aboutCentre(positive, mapAxes((axis) => 2 * half[axis] + 1))) >= share * sumOf(positive);
    const size = (half: Vec3) => half.reduce((product, r) => product * (2 * r + 1), 1);
    const found = energyBox(volume, fraction);
    assert(holds(found, fraction - 1e-12));
    for (let z = 0; z <= shape[0] >> 1; z++) {
      for (let y = 0; y <= shape[1] >> 1; y++) {
        for (let x = 0; x <= shape[2] >> 1; x++) {
          if ((shape[1] === shape[2] && x !== y) || size([z, y, x]) >= size(found)) continue;
          assert(!holds([z, y, x], fraction + 1e-12), `${[z, y, x]} is smaller than ${found}`);
        }
      }
    }
  }));
});

Deno.test("cropping keeps the centre and drops at most what it may", () => {
  const volume = gaussianPsf([40, 51, 51], [2, 3, 3]);
  const cropped = cropByEnergy(volume, 0.999);
  assert(cropped.shape.every((side, axis) => side % 2 === 1 && side < volume.shape[axis]!));
  assert(sumOf(cropped) >= 0.999 * sumOf(volume));
  const centre = centreVoxel(cropped.shape);
  const middle = (centre[0] * cropped.shape[1] + centre[1]) * cropped.shape[2] + centre[2];
  assertEquals(cropped.values[middle], Math.max(...volume.values));
});

Deno.test("widths at half height are found between voxels", () => {
  const sigma: Vec3 = [1.6, 2.2, 3];
  const volume = sampledGaussian([21, 31, 31], sigma, [0.2, 0.4, -0.3]);
  widthsThrough(volume, centreVoxel(volume.shape)).forEach((width, axis) => {
    // Peak and both crossings are off by the interpolation's error over the slope there, 0.59 / sigma; the half height by half.
    const bound = 3 * (0.0049 * 15 / sigma[axis]! ** 6) / 0.59 * sigma[axis]!;
    assertAlmostEquals(width!, 2.354820045 * sigma[axis]!, bound + 1e-4);
  });
  assertEquals(widthsThrough({ shape: [1, 3, 3], values: new Float64Array(9).fill(1) }, [0, 1, 1]), [
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("several measurements are averaged about one centre, each counting alike", () => {
  const sigma: Vec3 = [2, 2.5, 2.5];
  const first = sampledGaussian([21, 27, 27], sigma, [0.3, 0.2, -0.4]);
  const second = sampledGaussian([23, 25, 29], sigma, [-0.4, 0.45, 0.1]);
  const louder = { shape: second.shape, values: second.values.map((value) => 40 + 900 * value) };
  const found = averagePsfs([first, louder]);
  assertEquals(found.shape, [23, 27, 29]);
  assertAlmostEquals(sumOf(found), 1, 1e-12);
  const expected = sampledGaussian(found.shape, sigma, [0, 0, 0]);
  const sum = sumOf(expected);
  const scaled = { shape: expected.shape, values: expected.values.map((value) => value / sum) };
  // The border, 5 sigma out on average and 4.8 at the nearest, is taken for background: 1e-5 of the peak.
  assert(difference(found, scaled) < interpolationError(sigma) + 1e-4);
});

Deno.test("mending takes its steps in order and ends in values of sum 1 that are not negative", () => {
  const { shape, values } = sampledGaussian([21, 31, 31], [2, 3, 3], [0, 1.3, -0.6]);
  const volume = { shape, values: values.map((value) => 200 + 5000 * value) };
  const mended = repairPsf(volume, {
    background: "auto",
    recentre: "peak",
    radialAverage: true,
    resampleTo: [0.1, 0.1, 0.1],
    cropEnergy: 0.999,
    voxelMicrometre: [0.2, 0.1, 0.1],
  });
  assertEquals(mended.voxelMicrometre, [0.1, 0.1, 0.1]);
  assertAlmostEquals(mended.background, 200, 1);
  assertAlmostEquals(sumOf(mended.volume), 1, 1e-12);
  assert(mended.volume.values.every((value) => value >= 0));
  const [z, y, x] = widthsThrough(mended.volume, centreVoxel(mended.volume.shape));
  // In old voxels along z: means over a voxel (variance less 1 / 12) become means over half a voxel (plus 1 / 48).
  assertAlmostEquals(z! / (2 * 2.3548 * Math.sqrt(4 - 1 / 12 + 1 / 48)), 1, 2e-3);
  assertAlmostEquals(y! / (2.3548 * 3), 1, 2e-3);
  assertAlmostEquals(x!, y!, 1e-6);
});

Deno.test("planes are mirrored about the centre voxel, for odd and even depths", () => {
  const planes = (...values: number[]): PsfVolume => ({
    shape: [values.length, 1, 1],
    values: Float64Array.from(values),
  });
  assertEquals([...mirroredInDepth(planes(1, 2, 3)).values], [3, 2, 1]);
  // The centre of four is the third; what the first mirrors to lies beyond the end.
  assertEquals([...mirroredInDepth(planes(1, 2, 3, 4)).values], [0, 4, 3, 2]);
});

Deno.test("resampling without a known voxel size, and subtracting all there is, are refused", () => {
  const volume = gaussianPsf([5, 5, 5], [1, 1, 1]);
  assertThrows(() => repairPsf(volume, { resampleTo: [1, 1, 1] }), ClearstackError, "--psf-voxel");
  assertThrows(() => repairPsf(volume, { background: 1 }), ClearstackError, "subtract less background");
});
