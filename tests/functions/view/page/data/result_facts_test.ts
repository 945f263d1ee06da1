import { assertEquals } from "@std/assert";
import { resultFacts } from "functions/view/page/data/result_facts.ts";

for (
  const [record, told] of [
    [{ algorithm: { iterations: 20 } }, "20"],
    [{ algorithm: { iterations: 20, stop: "fixed" } }, "20"],
    [{ algorithm: { iterations: 150, stop: "noise" } }, "at most 150"],
    [{ algorithm: { iterations: 150, stop: "noise" }, decisions: { iterations: 12 } }, "12"],
    [{}, undefined],
  ] as const
) {
  Deno.test(`iterations of ${JSON.stringify(record)} are told as ${told}`, () => {
    assertEquals(new Map(resultFacts(record)).get("Iterations"), told);
  });
}
