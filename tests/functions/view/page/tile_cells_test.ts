import { assertEquals } from "@std/assert";
import { tileCells } from "functions/view/page/state/tile_cells.ts";

/** Two time points of 2 x 2 x 3 tiles of 8 x 16 x 16 voxels. */
const ARRANGEMENT = { outerShape: [2], grid: [2, 2, 3], tile: [8, 16, 16] } as const;

const summary = (cells: ReturnType<typeof tileCells>) =>
  cells.map(({ u, v, tiles, done, underWay }) => [u, v, tiles, done, underWay]);

Deno.test("a plane shows the tiles that it runs through, of the time point that is looked at", () => {
  // Of time point 1: tile 12 + 6 is z 1, y 0, x 0; tile 12 + 11 is z 1, y 1, x 2.
  const states = { ...ARRANGEMENT, done: new Set([0, 18]), underWay: new Set([23]) };
  assertEquals(summary(tileCells(states, { plane: "xy", depth: 9, time: 1 })), [
    ...[[0, 0, 1, 1, 0], [16, 0, 1, 0, 0], [32, 0, 1, 0, 0]],
    ...[[0, 16, 1, 0, 0], [16, 16, 1, 0, 0], [32, 16, 1, 0, 1]],
  ]);
  // x to the right and z downwards, at the first row of tiles along y.
  assertEquals(summary(tileCells(states, { plane: "xz", depth: 3, time: 1 })), [
    ...[[0, 0, 1, 0, 0], [16, 0, 1, 0, 0], [32, 0, 1, 0, 0]],
    ...[[0, 8, 1, 1, 0], [16, 8, 1, 0, 0], [32, 8, 1, 0, 0]],
  ]);
  // All planes of both time points.
  const all = tileCells(states, { plane: "xy", depth: undefined, time: undefined });
  assertEquals(summary(all)[0], [0, 0, 4, 2, 0]);
  assertEquals(summary(all)[5], [32, 16, 4, 0, 1]);
});

Deno.test("many tiles share cells, and none is lost", () => {
  const states = {
    outerShape: [],
    grid: [3, 100, 7],
    tile: [1, 10, 10],
    done: new Set([0, 2099]),
    underWay: new Set<number>(),
  } as const;
  const cells = tileCells(states, { plane: "xy", depth: undefined, time: undefined });
  assertEquals(cells.length, 34 * 3);
  assertEquals(cells.reduce((sum, { tiles }) => sum + tiles, 0), 2100);
  assertEquals([cells[0]!.done, cells.at(-1)!.done, cells.at(-1)!.tiles], [1, 1, 3]);
});
