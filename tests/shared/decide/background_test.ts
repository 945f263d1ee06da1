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
