import { assertEquals } from "@std/assert";
import { chooseLevel, chunkCoords, visibleTiles } from "functions/view/page/data/tile_request.ts";
import { pictureOf } from "./picture_of.ts";

const PICTURE = pictureOf({
  shape: { t: 2, c: 2, z: 5, y: 40, x: 70 },
  chunk: { t: 1, c: 2, z: 2, y: 16, x: 32 },
  steps: [1, 2, 4],
});
const ALL = { u0: -100, v0: -100, u1: 100, v1: 100 };
const PICK = { plane: "xy", channel: 1, time: 1, depth: 6 } as const;

Deno.test("the tiles of a plane cover the image once, edge tiles cut to it", () => {
  const tiles = visibleTiles(PICTURE, 0, PICK, ALL);
  assertEquals(tiles.length, 3 * 3);
  assertEquals(tiles.reduce((sum, { u, v }) => sum + u.length * v.length, 0), 40 * 70);
  // z = 3 of 2 µm planes lies in the second plane of the second chunk.
  assertEquals(tiles[0]!.w, [{ start: 3, length: 1, chunk: 1, offset: 1 }]);
  const corner = tiles.find(({ u, v }) => u.start === 64 && v.start === 32)!;
  assertEquals([corner.u.length, corner.v.length], [6, 8]);
  assertEquals(corner.rect, { u0: 63.5, v0: 31.5, u1: 69.5, v1: 39.5 });
  assertEquals(chunkCoords(corner, corner.w[0]!), [1, 0, 1, 2, 2]);
});

Deno.test("only tiles that are seen are asked for, those in the middle first", () => {
  const tiles = visibleTiles(PICTURE, 0, PICK, { u0: 30, v0: 17, u1: 40, v1: 20 });
  assertEquals(tiles.map(({ u, v }) => [u.start, v.start]), [[32, 16], [0, 16]]);
  assertEquals(visibleTiles(PICTURE, 0, PICK, { u0: 80, v0: 0, u1: 90, v1: 9 }), []);
  assertEquals(visibleTiles(PICTURE, 0, { ...PICK, depth: 99 }, ALL), []);
  assertEquals(visibleTiles(PICTURE, 0, { ...PICK, time: 2 }, ALL), []);
});

Deno.test("a projection takes every plane of every chunk on the way", () => {
  const [tile] = visibleTiles(PICTURE, 0, { ...PICK, plane: "xz", depth: "all" }, ALL);
  assertEquals(tile!.w.map(({ start, length }) => [start, length]), [[0, 16], [16, 16], [32, 8]]);
});

Deno.test("tiles of one chunk are no wider than a texture", () => {
  const wide = pictureOf({
    shape: { t: 1, c: 1, z: 1, y: 10, x: 2500 },
    chunk: { t: 1, c: 1, z: 1, y: 10, x: 2500 },
  });
  const tiles = visibleTiles(wide, 0, { ...PICK, channel: 0, time: 0, depth: 0 }, { ...ALL, u1: 3000 });
  assertEquals(tiles.map(({ u }) => [u.start, u.length, u.chunk, u.offset]).sort((a, b) => a[0]! - b[0]!), [
    [0, 1024, 0, 0],
    [1024, 1024, 0, 1024],
    [2048, 452, 0, 2048],
  ]);
});

Deno.test("the level is the coarsest whose voxels are no larger than a pixel", () => {
  const levelAt = (pixels: number) => chooseLevel(PICTURE, PICK, ALL, pixels);
  assertEquals([8, 1, 0.6, 0.5, 0.26, 0.25, 0.01].map(levelAt), [0, 0, 0, 1, 1, 2, 2]);
});

Deno.test("a projection of more than can be read at once is taken from a coarser level", () => {
  const large = pictureOf({
    shape: { t: 1, c: 1, z: 1000, y: 2000, x: 2000 },
    chunk: { t: 1, c: 1, z: 16, y: 256, x: 256 },
    steps: [1, 2, 4, 8],
  });
  const seen = { u0: 0, v0: 0, u1: 1999, v1: 1999 };
  const pick = { plane: "xy", channel: 0, time: 0, depth: "all" } as const;
  // 8 GB, 2 GB, 500 MB: the third is the first below 512 MiB.
  assertEquals(chooseLevel(large, pick, seen, 1), 2);
  assertEquals(chooseLevel(large, pick, { ...seen, u1: 100, v1: 100 }, 1), 0);
});
