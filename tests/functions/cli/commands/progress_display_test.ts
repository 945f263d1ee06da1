import { assert, assertEquals } from "@std/assert";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { guardedIo } from "functions/cli/io.ts";
import { formatSeconds, ProgressDisplay } from "functions/cli/commands/progress_display.ts";

/** A display on a clock of our own, and what it wrote. */
function display(terminalColumns?: number) {
  let milliseconds = 0;
  let text = "";
  const io = guardedIo({
    out: () => {},
    err: (more) => text += more,
    terminalColumns,
    environment: NO_ENVIRONMENT,
    config: () => ({ hostBytes: 1, deviceBytes: 1 }),
    onInterrupt: () => () => {},
  });
  const shown = new ProgressDisplay(io, { now: () => milliseconds });
  return { shown, text: () => text, wait: (more: number) => milliseconds += more };
}

const halfway = { tiles: 8, tilesDone: 4, tilesResumed: 0, etaSeconds: 70 };

Deno.test("elsewhere than on a terminal, a line comes every few seconds, where it tells something new, and none before", () => {
  const { shown, text, wait } = display();
  shown.update(halfway);
  assertEquals(text(), "");
  for (let i = 0; i < 20; i++) {
    wait(1000);
    shown.update({ ...halfway, etaSeconds: i < 10 ? 70 : 60 });
  }
  shown.end();
  assertEquals(text(), "4 of 8 tiles, about 1 min 10 s left\n4 of 8 tiles, about 1 min 00 s left\n");
});

Deno.test("on a terminal, a bar is redrawn in place, fits the width, and is removed at the end", () => {
  const { shown, text, wait } = display(60);
  wait(1000);
  shown.update(halfway);
  const drawn = text();
  assert(drawn.startsWith("\r\x1b[2K[") && drawn.includes("#") && !drawn.includes("\n"));
  assert(drawn.replace("\r\x1b[2K", "").length < 60);
  shown.end();
  assertEquals(text(), `${drawn}\r\x1b[2K`);
});

Deno.test("a narrow terminal gets the words alone", () => {
  const { shown, text, wait } = display(20);
  wait(1000);
  shown.update(halfway);
  assertEquals(text(), "\r\x1b[2K4 of 8 tiles, about");
});

Deno.test("a message stands on a line of its own, at once", () => {
  const { shown, text } = display();
  shown.update({ ...halfway, message: "tile 3 failed, trying again" });
  assertEquals(text(), "tile 3 failed, trying again\n");
});

Deno.test("tiles of an earlier run are told", () => {
  const { shown, text, wait } = display();
  wait(6000);
  shown.update({ tiles: 8, tilesDone: 8, tilesResumed: 5, etaSeconds: 0 });
  assertEquals(text(), "8 of 8 tiles (5 from an earlier run)\n");
});

Deno.test("iterations count inside a tile, and the pace they give is the time left before any tile is done", () => {
  const { shown, text, wait } = display();
  const none = { tiles: 4, tilesDone: 0, tilesResumed: 0 };
  const tile = { kind: "tiles", index: 2, iterations: 1500 } as const;
  shown.task({ ...tile, done: 0 });
  wait(6000);
  shown.update(none);
  shown.task({ ...tile, done: 600 });
  wait(6000);
  shown.update(none);
  // 0.4 tiles took 12 s, so that 3.6 take 108 s.
  assertEquals(text(), "0 of 4 tiles\n0 of 4 tiles, iteration 600 of 1,500, about 1 min 48 s left\n");
});

Deno.test("of the time left for the tiles, what those under way have done is taken off; seams come after", () => {
  const { shown, text, wait } = display();
  const task = { kind: "tiles", index: 0, iterations: 10 } as const;
  shown.task({ ...task, done: 10 });
  shown.task({ ...task, done: undefined });
  shown.task({ ...task, index: 1, done: 5 });
  wait(6000);
  shown.update({ tiles: 2, tilesDone: 1, tilesResumed: 0, etaSeconds: 60 });
  shown.task({ ...task, index: 1, done: undefined });
  shown.task({ ...task, kind: "seams", done: 3 });
  wait(6000);
  shown.update({ tiles: 2, tilesDone: 2, tilesResumed: 0, etaSeconds: 0 });
  const lines = ["1 of 2 tiles, iteration 5 of 10, about 30 s left", "2 of 2 tiles, seams: iteration 3 of 10"];
  assertEquals(text(), lines.map((line) => `${line}\n`).join(""));
});

Deno.test("iterations count inside a pilot", () => {
  const { shown, text, wait } = display(80);
  for (const index of [4, 9]) shown.task({ kind: "pilots", index, iterations: 101, done: 0 });
  shown.task({ kind: "pilots", index: 4, iterations: 101, done: undefined });
  shown.task({ kind: "pilots", index: 9, iterations: 101, done: 40 });
  wait(1000);
  shown.update({ tiles: 16, tilesDone: 0, tilesResumed: 0 });
  assert(text().endsWith("] 0 of 16 tiles, pilot 2: iteration 40 of 101"), text());
});

Deno.test("something is shown within a second though nothing is known, and the iterations go on without news", async () => {
  const { shown, text } = display(60);
  const shownBy = async (what: string) => {
    while (!text().includes(what)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  shown.start();
  await shownBy("planning");
  shown.update({ tiles: 1, tilesDone: 0, tilesResumed: 0 });
  shown.task({ kind: "tiles", index: 0, iterations: 9, done: 7 });
  await shownBy("0 of 1 tile, iteration 7 of 9");
  shown.end();
});

Deno.test("durations are told in the two largest units", () => {
  assertEquals([0.2, 12, 60, 200, 3600, 7500].map(formatSeconds), [
    "1 s",
    "12 s",
    "1 min 00 s",
    "3 min 20 s",
    "1 h 00 min",
    "2 h 05 min",
  ]);
});
