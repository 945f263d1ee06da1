import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { RangeSchema } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import {
  automaticRange,
  clippingWarnings,
  needsRange,
  outputIntensity,
  refuseDarkRange,
} from "shared/plan/output_intensity.ts";

Deno.test("the ends of a range are the least and the largest integer", () => {
  for (const [outputDtype, most] of [["uint8", 255], ["uint16", 65535]] as const) {
    const { scale, offset, unit } = outputIntensity({ outputDtype, outputRange: [-20, 490] })!;
    assertEquals([offset, unit], [-20, "source"]);
    assertAlmostEquals(offset + most * scale, 490, 1e-9);
  }
});

Deno.test("floats stand for themselves, and an automatic range for nothing until it is decided", () => {
  assertEquals(outputIntensity({ outputDtype: "float32" }), undefined);
  assertEquals(needsRange({ outputDtype: "float32" }), false);
  for (const outputRange of [undefined, "auto"] as const) {
    assertEquals(needsRange({ outputDtype: "uint8", outputRange }), true);
    assertEquals(outputIntensity({ outputDtype: "uint8", outputRange }), undefined);
    const decisions = { iterations: 1, range: [0, 510] as const };
    assertEquals(outputIntensity({ outputDtype: "uint8", outputRange, decisions })!.scale, 2);
  }
  assertEquals(needsRange({ outputDtype: "uint8", outputRange: [0, 1] }), false);
});

Deno.test("an automatic range leaves half as much above what was found, and steps of 1 where all was dark", () => {
  assertEquals(automaticRange(400, "uint16"), [0, 600]);
  assertEquals(automaticRange(0, "uint16"), [0, 65535]);
  assertEquals(automaticRange(0, "uint8"), [0, 255]);
  // Of the least and the largest float32 there is, it is one that a request could state.
  for (const largest of [1.5e-45, 3.4028234e38]) {
    assertEquals(RangeSchema.safeParse(automaticRange(largest, "uint8")).success, true);
  }
});

Deno.test("a range that no value of an estimate lies in is refused before anything is computed", () => {
  const output = (range: readonly [number, number]) =>
    ({ ...JobRequestSchema.parse(REQUEST).output, dtype: "uint8", range }) as const;
  for (const range of [[-2, 0], [-9, -1]] as const) {
    assertThrows(() => refuseDarkRange(output(range)), ClearstackError, "a range ends above 0");
  }
  refuseDarkRange(output([-2, 0.5]));
});

const REQUEST = { source: { url: "s" }, psf: { url: "p" }, output: { url: "o" } };

const plan = { outputDtype: "uint16", outputRange: [0, 100], voxels: 100_000 } as const;

Deno.test("up to a ten-thousandth of the voxels may be clipped unsaid", () => {
  const clipping = { below: 4, above: 6, least: -3, largest: 123.456 };
  assertEquals(clippingWarnings(clipping, plan), []);
  const [warning] = clippingWarnings({ ...clipping, above: 7 }, plan);
  assertEquals(warning, {
    code: "output-clipped",
    level: "warning",
    message:
      "clipped: 11 voxels (0.011 %) of the output lie outside its range of 0 to 100 and are stored as its ends; " +
      "--range -3,123.5 holds them all",
    value: 1.1e-4,
    limit: 1e-4,
  });
});

Deno.test("the range that a warning names holds every voxel, and an end that held is kept", () => {
  const bound = fc.float({ min: Math.fround(-1e30), max: Math.fround(1e30), noNaN: true, noDefaultInfinity: true });
  fc.assert(fc.property(bound, bound, (one, other) => {
    const [least, largest] = [Math.min(one, other), Math.max(one, other)];
    const sides = { below: least < 0 ? 50 : 0, above: largest > 100 ? 50 : 0 };
    fc.pre(sides.below + sides.above > 0);
    const [warning] = clippingWarnings({ ...sides, least, largest }, plan);
    const [lo, hi] = /--range (\S+),(\S+) holds/.exec(warning!.message)!.slice(1).map(Number) as [number, number];
    // A step of digits may lie a rounding of a double below.
    const slack = 1e-12;
    assert(lo <= Math.min(0, least) * (1 - slack) && hi >= Math.max(100, largest) * (1 - slack), warning!.message);
    if (sides.below === 0) assertEquals(lo, 0);
    if (sides.above === 0) assertEquals(hi, 100);
  }));
});
