import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { estimateBackground } from "shared/decide/background.ts";
import { ClearstackError } from "shared/errors.ts";
import { randomVolume } from "../../reference/random_volume.ts";

/** Sums of twelve uniform numbers: close to normal, mean 0, deviation 1. */
function noise(count: number, seed: number): Float64Array {
  const uniform = randomVolume([12, 1, count], seed);
  return Float64Array.from({ length: count }, (_, i) => {
    let sum = -6;
    for (let k = 0; k < 12; k++) sum += uniform[k * count + i]!;
    return sum;
  });
}

for (const whole of [false, true]) {
  Deno.test(`noise on a constant gives the constant, ${whole ? "counted in whole numbers" : "continuous"}`, () => {
    const sample = new Float32Array(noise(10_000, 1)).map((n) => 100 + 10 * n).map((v) => (whole ? Math.round(v) : v));
    // The documented error of a tenth of a deviation, three times over.
    assertAlmostEquals(estimateBackground(sample), 100, 3);
  });
}

Deno.test("structure in half of the voxels does not lift the background", () => {
  const structure = randomVolume([1, 1, 10_000], 2);
  const sample = new Float32Array(noise(10_000, 3)).map((n, i) => 100 + 10 * n + (i % 2 ? 2000 * structure[i]! : 0));
  // One in two hundred structured voxels lies within ten of the background, too few to move it: the same bound.
  assertAlmostEquals(estimateBackground(sample), 100, 3);
});

Deno.test("the background follows scale and order of the sample does not matter", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 1 }), (values) => {
    const sample = Float32Array.from(values);
    const background = estimateBackground(sample);
    // Multiplication by a power of two is exact in binary, so not even the last digit may differ.
    assertEquals(estimateBackground(sample.map((v) => 4 * v)), 4 * background);
    assertEquals(estimateBackground(sample.toReversed()), background);
    assertEquals(background >= Math.min(...values) && background <= Math.max(...values), true);
  }));
});

Deno.test("a background is never negative, and NaN or no voxels at all are refused", () => {
  assertEquals(estimateBackground(Float32Array.of(-5, -5, -5, 20)), 0);
  assertThrows(() => estimateBackground(new Float32Array()), ClearstackError);
  assertThrows(() => estimateBackground(Float32Array.of(1, NaN)), ClearstackError);
});

Deno.test("zeros that fill the corners of a deskewed volume do not count", () => {
  for (const level of [20, 100, 2000]) {
    const dots = randomVolume([1, 1, 10_000], 4);
    // Photon noise on the background, some structure, and zeros in half of the voxels.
    const measured = noise(10_000, 5).map((n, i) =>
      Math.round(level + Math.sqrt(level) * n + (i % 5 ? 0 : 500 * dots[i]!))
    );
    const sample = Float32Array.from([...measured, ...new Float32Array(10_000)]);
    assertAlmostEquals(estimateBackground(sample), level, 0.3 * Math.sqrt(level) + 0.5, `${level}`);
  }
});

Deno.test("zeros count where light or noise reaches down to them", () => {
  const uniform = randomVolume([1, 1, 10_000], 6);
  const samples = {
    "few photons": uniform.map((u) => u < 0.9 ? 0 : u < 0.99 ? 1 : 2),
    "a background that was taken off, and clipped": noise(10_000, 7).map((n) => Math.max(0, Math.round(10 * n - 5))),
    "structure on nothing": uniform.map((u, i) => i % 3 ? 0 : 50 + 1000 * u ** 2),
  };
  for (const [what, sample] of Object.entries(samples)) assertEquals(estimateBackground(sample), 0, what);
});

Deno.test("the background of a signed type with an offset is found below 0", () => {
  const sample = noise(10_000, 8).map((n) => Math.round(-32768 + 100 + 10 * n));
  assertAlmostEquals(estimateBackground(sample, { signed: true }), -32668, 3);
});
