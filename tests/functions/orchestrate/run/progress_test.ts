import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Progress } from "functions/orchestrate/run/progress.ts";

/** Progress on a clock of our own. */
function timed(tiles: number, resumed = 0) {
  let seconds = 100;
  const progress = new Progress(tiles, resumed, () => seconds);
  const finish = (after: number) => {
    seconds += after;
    progress.tileDone();
  };
  return { progress, finish };
}

Deno.test("nothing is estimated before the first tile", () => {
  assertEquals(timed(10).progress.etaSeconds, undefined);
});

Deno.test("steady tiles give their rate", () => {
  const { progress, finish } = timed(10);
  for (let i = 0; i < 4; i++) finish(3);
  assertAlmostEquals(progress.etaSeconds!, 6 * 3, 1e-9);
});

Deno.test("tiles of an earlier run count as done but not towards the rate", () => {
  const { progress, finish } = timed(10, 5);
  finish(2);
  assertEquals([progress.tilesDone, progress.tilesComputed], [6, 1]);
  assertAlmostEquals(progress.etaSeconds!, 4 * 2, 1e-9);
});

Deno.test("tiles that finish three at a time are averaged", () => {
  const { progress, finish } = timed(100);
  for (let i = 0; i < 8; i++) for (const after of [9, 0, 0]) finish(after);
  // 24 tiles in 72 s, 76 left
  assertAlmostEquals(progress.etaSeconds!, 76 * 3, 1e-9);
});

Deno.test("the estimate follows a change of throughput once the window has passed", () => {
  const { progress, finish } = timed(1000);
  for (let i = 0; i < 100; i++) finish(10);
  for (let i = 0; i < 24; i++) finish(1);
  assertAlmostEquals(progress.etaSeconds!, (1000 - 124) * 1, 1e-9);
});

Deno.test("nothing is left once all tiles are done", () => {
  const { progress, finish } = timed(2);
  finish(1);
  finish(1);
  assertEquals(progress.etaSeconds, 0);
});
