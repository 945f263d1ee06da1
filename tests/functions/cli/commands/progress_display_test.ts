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

Deno.test("elsewhere than on a terminal, a line comes every few seconds and none before", () => {
  const { shown, text, wait } = display();
  shown.update(halfway);
  assertEquals(text(), "");
  for (let i = 0; i < 10; i++) {
    wait(1000);
    shown.update(halfway);
  }
  shown.end();
  assertEquals(text(), "4 of 8 tiles, about 1 min 10 s left\n".repeat(2));
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
