import { assertEquals } from "@std/assert";
import { ITERATIONS } from "./acceleration.ts";

/** A step whose estimates can be followed by hand: half way to 2. */
const halfWay = (estimate: Float64Array) => estimate.map((u) => u / 2 + 1);
const after = (acceleration: "none" | "shb" | "biggs", iterations: number) =>
  ITERATIONS[acceleration](Float64Array.of(8), halfWay, { iterations, floor: 0 })[0];

Deno.test("plain iterations apply the step as it is", () => {
  assertEquals([1, 2, 3].map((k) => after("none", k)), [5, 3.5, 2.75]);
});

Deno.test("heavy-ball iterations extrapolate by (k - 1) / (k + 2)", () => {
  // Momentum 0, 1/4, 2/5: from 8, 5 - 0.75 = 4.25, 3.125 - 0.75 = 2.375. Rounding of 2/5 is below a unit in the last place.
  assertEquals([1, 2, 3].map((k) => Math.round(after("shb", k) * 1e12) / 1e12), [5, 3.125, 2.1875]);
});

Deno.test("Biggs-Andrews iterations extrapolate by the correlation of successive changes", () => {
  // Changes -3, -1.5: momentum 4.5 / 9 = 0.5, so the third step starts from 3.5 - 0.75 = 2.75.
  assertEquals([1, 2, 3].map((k) => after("biggs", k)), [5, 3.5, 2.375]);
});

Deno.test("accelerated iterations never start below the floor", () => {
  for (const acceleration of ["shb", "biggs"] as const) {
    const points: number[] = [];
    const fall = (estimate: Float64Array) => {
      points.push(estimate[0]);
      return estimate.map((u) => u / 100);
    };
    ITERATIONS[acceleration](Float64Array.of(1), fall, { iterations: 3, floor: 0.1 });
    // 0.01 after the first step and 0.001 after the second, which any momentum extrapolates further down.
    assertEquals(points, [1, 0.1, 0.1]);
  }
});
