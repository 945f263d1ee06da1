import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { StoredArray } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import { quantise } from "shared/image/write/quantise.ts";
import { outputIntensity } from "shared/plan/output_intensity.ts";

/** An array of a type for values of a range. */
function arrayOf(dtype: StoredArray["dtype"], range?: readonly [number, number]): StoredArray {
  const intensity = range &&
    outputIntensity({ outputDtype: dtype as "uint16", outputRange: range, decisions: undefined });
  const place = { url: "memory:x", array: "0", version: "0.5", axes: ["z", "y", "x"] } as const;
  return {
    ...place,
    axes: ["z", "y", "x"],
    shape: [1, 1, 8],
    chunk: [1, 1, 8],
    dtype,
    ...(intensity ? { intensity } : {}),
  };
}

Deno.test("floats are stored as they are, in their own memory, and nothing is counted", () => {
  const values = Float32Array.of(-1, 0.1, 1e30);
  const stored = quantise(values, arrayOf("float32"));
  assertStrictEquals(stored.values, values);
  assertEquals(stored.clipping, undefined);
});

Deno.test("values become the nearest step, and what lies beyond the range its ends", () => {
  // Steps of 2 from 10 on: 10 -> 0, 520 -> 255.
  const values = Float32Array.of(10, 12.9, 13.1, 520, 520.9, 521.1, 1e30, 9.1, 8.9, -1e30);
  const { values: stored, clipping } = quantise(values, arrayOf("uint8", [10, 520]));
  assertEquals(stored, Uint8Array.of(0, 1, 2, 255, 255, 255, 255, 0, 0, 0));
  const [least, largest] = [Math.fround(-1e30), Math.fround(1e30)];
  assertEquals(clipping, { below: 2, above: 2, least, largest });
});

Deno.test("no value is off by more than half a step but those that are counted, each once", () => {
  const bound = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const value = fc.float({ min: Math.fround(-2e6), max: Math.fround(2e6), noNaN: true });
  fc.assert(fc.property(
    ...[
      fc.constantFrom("uint16", "uint8" as const),
      bound,
      bound,
      fc.array(value, { minLength: 1, maxLength: 64 }),
    ] as const,
    (dtype, one, other, given) => {
      fc.pre(Math.abs(one - other) >= 1e-6);
      const range = [Math.min(one, other), Math.max(one, other)] as const;
      const array = arrayOf(dtype, range);
      const { scale, offset } = array.intensity!;
      const values = Float32Array.from(given);
      const { values: stored, clipping } = quantise(values, array);
      const errors = values.map((value, index) => Math.abs(value - (offset + scale * stored[index]!)));
      // Offset and scale are doubles: their product and sum round by 2^-52 of the larger of value and bound, two times each.
      const slack = (index: number) =>
        8 * 2 ** -52 * Math.max(Math.abs(values[index]!), Math.abs(one), Math.abs(other));
      // errors is float32, which rounds by 2^-24 of itself.
      const off = errors.filter((error, index) => error > (0.5 * scale + slack(index)) * (1 + 2 ** -23)).length;
      const { below, above, least, largest } = clipping!;
      assert(off <= below + above, `${off} of ${below + above}`);
      const within = errors.filter((error, index) => error < (0.5 * scale - slack(index)) * (1 - 2 ** -23)).length;
      assert(within <= values.length - below - above);
      assertEquals([least, largest], [Math.min(...values), Math.max(...values)]);
    },
  ));
});

Deno.test("counts of parts add up to those of the whole, whatever the parts", () => {
  const values = Float32Array.from({ length: 1000 }, (_, index) => (index * 7919) % 997 - 100);
  const array = arrayOf("uint16", [0, 800]);
  const whole = quantise(values, array);
  for (const cut of [1, 333, 500, 999]) {
    const parts = [values.subarray(0, cut), values.subarray(cut)].map((part) => quantise(part, array));
    assertEquals([...parts[0]!.values, ...parts[1]!.values], [...whole.values]);
    for (const side of ["below", "above"] as const) {
      assertEquals(parts[0]!.clipping![side] + parts[1]!.clipping![side], whole.clipping![side]);
    }
  }
  assert(whole.clipping!.below > 0 && whole.clipping!.above > 0);
});

Deno.test("integers that nobody has decided the meaning of are not written", () => {
  assertThrows(() => quantise(Float32Array.of(1), arrayOf("uint16")), ClearstackError, "was not decided");
});
