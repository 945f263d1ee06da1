import { assert, assertEquals } from "@std/assert";
import { chooseIterations, sumMeasurements } from "shared/decide/stop_rule.ts";

const fits = (...values: number[]) => values.map((fit, iteration) => ({ iteration, fit }));
const predictions = (...values: number[]) => values.map((heldOut, iteration) => ({ iteration, fit: 1, heldOut }));

Deno.test("measurements of tiles add up iteration by iteration", () => {
  assertEquals(sumMeasurements([fits(5, 3), fits(4, 1)]), fits(9, 4));
  assertEquals(sumMeasurements([predictions(5, 3), predictions(4, 1)]), [
    { iteration: 0, fit: 2, heldOut: 9 },
    { iteration: 1, fit: 2, heldOut: 4 },
  ]);
});

for (
  const [what, values, tolerance, iterations] of [
    ["at the first fall below the tolerance", [100, 50, 49.9, 10], 0.01, 2],
    ["where the divergence rises", [100, 50, 60, 10], 0.01, 2],
    ["at the most iterations where every one gains enough", [100, 50, 25, 12], 0.01, 9],
    ["at once where the data are met exactly", [0, 0, 0], 0.01, 1],
  ] as const
) {
  Deno.test(`the divergence rule stops ${what}`, () => {
    assertEquals(chooseIterations(fits(...values), { stop: "divergence", tolerance, most: 9 }).iterations, iterations);
  });
}

Deno.test("the fall is counted for each iteration, also where not every one is measured", () => {
  const measurements = [{ iteration: 0, fit: 100 }, { iteration: 10, fit: 95 }, { iteration: 20, fit: 94 }];
  const at = (tolerance: number) => chooseIterations(measurements, { stop: "divergence", tolerance, most: 20 });
  // 0.5 % of the first, then 0.1 % of the second for each iteration.
  assertEquals([at(0.006).iterations, at(0.002).iterations], [10, 20]);
});

for (
  const [what, values, iterations] of [
    ["where held-out photons are predicted best", [9, 5, 3, 4, 6], 2],
    ["after the first iteration at the earliest", [1, 5, 6], 1],
    ["at the most iterations where predictions still improve", [9, 5, 4, 3], 3],
    ["at the earlier of two equals", [9, 3, 4, 3, 5], 1],
  ] as const
) {
  Deno.test(`the held-out rule stops ${what}`, () => {
    const most = values.length - 1;
    const { iterations: chosen, reason } = chooseIterations(predictions(...values), {
      stop: "held-out",
      tolerance: 0,
      most,
    });
    assertEquals(chosen, iterations);
    assert(reason.includes("held-out") && reason.includes(String(iterations)), reason);
  });
}
