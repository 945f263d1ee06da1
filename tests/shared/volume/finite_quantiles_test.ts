import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { finiteQuantiles } from "shared/volume/finite_quantiles.ts";

const FRACTIONS = [0, 0.01, 0.25, 0.5, 0.999, 1];

Deno.test("quantiles are what sorting the finite values gives, negative ones and zeros of both signs among them", () => {
  const value = fc.oneof(
    fc.float(),
    fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1, -1),
    fc.float({ min: 0, max: 1 }),
  );
  fc.assert(fc.property(fc.array(value, { maxLength: 300 }), (numbers) => {
    const values = Float32Array.from(numbers);
    const sorted = values.filter(Number.isFinite).sort();
    const expected = FRACTIONS.map((fraction) => sorted[Math.floor(fraction * (sorted.length - 1))]!);
    assertEquals(finiteQuantiles(values, FRACTIONS), sorted.length === 0 ? [] : expected);
  }));
});
