import { assertEquals, assertRejects } from "@std/assert";
import { mapLimited } from "shared/process/map_limited.ts";

Deno.test("results come in the order of the items, with no more under way than are allowed", async () => {
  let [now, most] = [0, 0];
  const ends = [5, 1, 3, 1, 1, 4];
  const results = await mapLimited(ends, 2, async (turns) => {
    most = Math.max(most, ++now);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    now--;
    return 10 * turns;
  });
  assertEquals([results, most], [[50, 10, 30, 10, 10, 40], 2]);
});

Deno.test("of several failures the foremost is told, whichever comes first, once nothing is under way; none begins after", async () => {
  const begun: number[] = [];
  let ended = 0;
  const error = await assertRejects(() =>
    mapLimited([9, 6, 1, 1, 1], 3, async (turns) => {
      begun.push(turns);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      ended++;
      if (turns !== 9) throw new Error(`after ${turns} turns`);
    })
  );
  assertEquals([(error as Error).message, begun, ended], ["after 6 turns", [9, 6, 1], 3]);
});
