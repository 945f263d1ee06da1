import { assertEquals } from "@std/assert";
import { countedKept, onePlaceOf } from "shared/counted.ts";

Deno.test("the verb goes with what is kept, the noun with what there is", () => {
  const told = [[1, 6], [4, 6], [1, 1], [0, 6], [1200, 4000]].map(([kept, count]) =>
    countedKept(kept!, count!, "tile")
  );
  assertEquals(told, [
    "1 of 6 tiles is kept",
    "4 of 6 tiles are kept",
    "1 of 1 tile is kept",
    "0 of 6 tiles are kept",
    "1,200 of 4,000 tiles are kept",
  ]);
});

Deno.test("one place of several is told with their number, and a single one without", () => {
  assertEquals([onePlaceOf(4), onePlaceOf(1), onePlaceOf()].map((told) => told.split(" ")[1]), ["of", "one", "one"]);
});
