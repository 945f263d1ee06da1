import { assertEquals } from "@std/assert";
import { AlgorithmSchema } from "shared/contract/algorithm.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { estimatedIterations, iterationWords, mostIterations } from "shared/plan/iteration_bounds.ts";

Deno.test("an estimate says for how many iterations it is where a job may run more", () => {
  const of = (named: Parameters<typeof AlgorithmSchema.parse>[0], grid: Vec3) => {
    const plan = { algorithm: AlgorithmSchema.parse(named), grid };
    return [mostIterations(plan), estimatedIterations(plan)];
  };
  assertEquals(of({}, [1, 1, 1]), [150, " for 40 iterations"]);
  assertEquals(of({}, [1, 1, 2]), [40, ""]);
  assertEquals(of({ stop: "noise", iterations: 30 }, [1, 1, 1]), [30, ""]);
  assertEquals(of({ iterations: 200 }, [1, 1, 1]), [200, ""]);
  const decided = { algorithm: AlgorithmSchema.parse({}), grid: [1, 1, 1] as Vec3, decisions: { iterations: 150 } };
  assertEquals(estimatedIterations(decided), "");
});

for (
  const [asked, grid, words] of [
    [{ iterations: 20 }, [1, 1, 1], "20"],
    [{ stop: "held-out" }, [2, 1, 1], "at most 20"],
    [{}, [1, 1, 2], "at most 40"],
    [{}, [1, 1, 1], "at most 40, 150 without noise"],
    [{ stop: "noise", iterations: 30 }, [1, 1, 1], "at most 30"],
  ] as const
) {
  Deno.test(`the iterations of ${JSON.stringify(asked)} in ${grid.join(" x ")} tiles are told as ${words}`, () => {
    assertEquals(iterationWords({ algorithm: AlgorithmSchema.parse(asked), grid }), words);
  });
}
