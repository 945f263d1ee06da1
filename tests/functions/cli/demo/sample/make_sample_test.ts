import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { makeSample } from "functions/cli/demo/sample/make_sample.ts";

const SHAPE = [24, 64, 64] as const;

Deno.test("a sample is the same every time, and another with another seed", () => {
  const [first, again, other] = [{}, {}, { seed: 7 }].map((options) => makeSample({ shape: SHAPE, ...options }));
  assertEquals(first.observed, again.observed);
  assertEquals(first.truth, again.truth);
  assert(first.observed.some((value, index) => value !== other.observed[index]));
});

Deno.test("a sample holds photons of an object that the microscope blurred", () => {
  const { truth, observed, psf } = makeSample({ shape: SHAPE });
  assertEquals([truth.length, observed.length], [24 * 64 * 64, 24 * 64 * 64]);
  assertEquals(psf.shape, [25, 17, 17]);
  // Rounded to float32: 7225 values of relative error 6e-8.
  assertAlmostEquals(psf.values.reduce((sum, value) => sum + value, 0), 1, 1e-6);
  const peak = (values: Iterable<number>) => [...values].reduce((most, value) => Math.max(most, value), 0);
  assert(peak(observed) < 0.8 * peak(truth), "a blurred object is less bright");
  assert(peak(observed) > 50, "there is something to see");
});
