import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { convolvePeriodic, gaussianProfile, outerProduct, type Profiles } from "functions/cli/demo/sample/separable.ts";
import { powerSpectrum } from "shared/decide/fourier.ts";
import { noiseLimit } from "shared/decide/noise_limit.ts";
import { iterationsByNoise } from "shared/decide/noise_rule.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";

Deno.test("a power spectrum is that of the sum that defines it", () => {
  const shape: Vec3 = [2, 4, 8];
  const random = createRandom(5);
  const values = Float64Array.from({ length: 64 }, () => random.between(-1, 1));
  const spectrum = powerSpectrum(values, shape);
  for (let at = 0; at < 64; at++) {
    const frequency = positionAt(at, shape);
    let [re, im] = [0, 0];
    for (let index = 0; index < 64; index++) {
      const turns = positionAt(index, shape).reduce(
        (sum, place, axis) => sum + place * frequency[axis]! / shape[axis]!,
        0,
      );
      re += values[index]! * Math.cos(2 * Math.PI * turns);
      im -= values[index]! * Math.sin(2 * Math.PI * turns);
    }
    // Sums of 64 terms below 1 in double precision, squared.
    assertAlmostEquals(spectrum[at]!, re ** 2 + im ** 2, 1e-11);
  }
});

const SHAPE: Vec3 = [32, 64, 64];
const PROFILES: Profiles = [gaussianProfile(17, 2), gaussianProfile(9, 1), gaussianProfile(9, 1)];
const PSF = outerProduct(PROFILES);

/** Points of light, blurred; expected photons. */
function blurredPoints(photons: number): Float64Array {
  const random = createRandom(8);
  const points = new Float64Array(voxelCount(SHAPE)).fill(2);
  for (let point = 0; point < 300; point++) points[Math.floor(random.between(0, points.length))] = photons;
  return convolvePeriodic(points, SHAPE, PROFILES);
}

function counted(mean: Float64Array): Float64Array {
  const random = createRandom(9);
  return mean.map((value) => random.poisson(value));
}

Deno.test("white noise alone has the variance that it was made with, and nothing stands out of it", () => {
  const random = createRandom(3);
  const box = Float64Array.from({ length: voxelCount(SHAPE) }, () => 100 + random.poisson(25));
  const limit = noiseLimit([box], SHAPE, PSF);
  // Of 131,072 voxels the window's weights leave about 11,000, of whose squares the mean is off by the root of 2 in 11,000.
  assertAlmostEquals(limit.signalToNoise, 1, 3 * Math.sqrt(2 / 11_000));
  assertEquals(limit.weakening, undefined);
  assertEquals(iterationsByNoise(limit, { noisy: 40, most: 150 }).iterations, 20);
});

Deno.test("detail is hidden where the spectrum of what was expected falls to the variance of its noise", () => {
  const mean = blurredPoints(20_000);
  const { weakening } = noiseLimit([counted(mean)], SHAPE, PSF);
  // Without noise in it, the spectrum of the mean tells where noise of its variance, the mean itself, would be as strong.
  const noise = mean.reduce((sum, value) => sum + value, 0);
  const power = powerSpectrum(mean, SHAPE);
  const transfer = powerSpectrum(centredIn(SHAPE), SHAPE);
  const meanPower = (least: number, most: number) => {
    const of = power.filter((_, index) => least <= transfer[index]! && transfer[index]! < most);
    return of.reduce((sum, value) => sum + value, 0) / of.length / noise;
  };
  // An octave to either side of it; the window and the noise of few frequencies move it by less.
  assert(meanPower(1 / weakening! ** 2, 4 / weakening! ** 2) > 1);
  assert(meanPower(0.25 / weakening! ** 2, 1 / weakening! ** 2) < 1);
});

function centredIn(shape: Vec3): Float64Array {
  const box = new Float64Array(voxelCount(shape));
  for (const [index, value] of PSF.values.entries()) {
    const [z, y, x] = positionAt(index, PSF.shape);
    const at = (z % shape[0] * shape[1] + y) * shape[2] + x;
    box[at] = box[at]! + value;
  }
  return box;
}

Deno.test("more light bears more iterations, and none of it is noise where nothing was counted", () => {
  const bounds = { noisy: 140, most: 150 };
  const iterations = [300, 3000, 30_000].map((photons) =>
    iterationsByNoise(noiseLimit([counted(blurredPoints(photons))], SHAPE, PSF), bounds).iterations
  );
  assertLess(iterations[0]!, iterations[1]!);
  assertLess(iterations[1]!, iterations[2]!);
  const clean = iterationsByNoise(noiseLimit([blurredPoints(3000)], SHAPE, PSF), bounds);
  assertEquals([clean.iterations, clean.reason.includes("--iterations 20")], [150, true]);
});

Deno.test("units, a constant and where the PSF lies in its box change nothing", () => {
  const seen = counted(blurredPoints(3000));
  const { weakening, signalToNoise } = noiseLimit([seen], SHAPE, PSF);
  const moved = { shape: [17, 9, 11] as Vec3, values: new Float64Array(17 * 9 * 11) };
  for (const [index, value] of PSF.values.entries()) moved.values[Math.floor(index / 9) * 11 + index % 9 + 2] = value;
  const other = noiseLimit([seen.map((value) => 0.25 * value + 1000)], SHAPE, moved);
  assertAlmostEquals(other.weakening!, weakening!, 1e-6 * weakening!);
  assertAlmostEquals(other.signalToNoise, signalToNoise, 1e-6 * signalToNoise);
});

Deno.test("an even box has no signal, and a plane is measured along its own axes", () => {
  const even = noiseLimit([new Float32Array(64).fill(7)], [1, 8, 8], PSF);
  // Means of equal numbers are off by the rounding of doubles, far below that of float32.
  assertLess(even.signalToNoise, 1e-9);
  assertEquals(even.weakening, undefined);
  const random = createRandom(2);
  const plane = Float64Array.from({ length: 4096 }, () => random.poisson(50));
  assertAlmostEquals(noiseLimit([plane], [1, 64, 64], PSF).signalToNoise, 1, 0.15);
});

Deno.test("a number that is less than the noise bears says so", () => {
  // 5 sqrt(64) = 40.
  const limit = { signalToNoise: 100, weakening: 64 };
  const reason = "noise hides what the PSF weakens more than 64 times";
  assertEquals(iterationsByNoise(limit, { noisy: 40, most: 150 }), { iterations: 40, reason });
  assertEquals(iterationsByNoise(limit, { noisy: 30, most: 30 }), {
    iterations: 30,
    reason: `${reason}, which bears 40, over the 30 that are allowed`,
  });
});

Deno.test("noise that repeats from voxel to voxel is not taken for detail in silence", () => {
  // Each second plane, row and column repeats the one before, as an image enlarged without interpolation.
  const seen = counted(blurredPoints(300));
  const enlarged = seen.map((_, index) => {
    const [z, y, x] = positionAt(index, SHAPE);
    return seen[((z! >> 1) * SHAPE[1] + (y! >> 1)) * SHAPE[2] + (x! >> 1)]!;
  });
  const { iterations, reason } = iterationsByNoise(noiseLimit([enlarged], SHAPE, PSF), { noisy: 40, most: 150 });
  assertEquals([iterations, reason.includes("resampled") && reason.includes("--iterations 20")], [40, true]);
});
