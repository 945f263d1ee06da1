import { assert, assertEquals } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { TileLoader } from "functions/view/page/data/tile_loader.ts";
import { visibleTiles } from "functions/view/page/data/tile_request.ts";
import { pictureOf } from "./picture_of.ts";

const SHAPE = { t: 1, c: 1, z: 8, y: 40, x: 40 };
const CHUNK = { t: 1, c: 1, z: 4, y: 10, x: 10 };
const ALL = { u0: 0, v0: 0, u1: 39, v1: 39 };
const PICK = { plane: "xy", channel: 0, time: 0, depth: 0 } as const;

/** A picture whose chunks come when they are let, and what was asked of it. */
function heldPicture() {
  const asked: string[] = [];
  const given: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const picture = pictureOf({
    shape: SHAPE,
    chunk: CHUNK,
    onRead: async (coords, signal) => {
      const name = coords.slice(2).join();
      asked.push(name);
      const gate = Promise.withResolvers<void>();
      gates.set(name, gate);
      signal?.addEventListener("abort", () => gate.reject(new ClearstackError("cancelled", "given up")));
      await gate.promise;
      given.push(name);
    },
  });
  return { picture, asked, given, gates };
}

/** Lets everything happen that can. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("six chunks are read at a time, the most wanted first, and each once for all of its tiles", async () => {
  const { picture, asked, gates } = heldPicture();
  let changes = 0;
  const loader = new TileLoader({ changed: () => changes++, failed: (error) => assert(false, String(error)) });
  const tiles = visibleTiles(picture, 0, PICK, ALL);
  const next = visibleTiles(picture, 0, { ...PICK, depth: 2 }, ALL);
  loader.want([...tiles, ...next]);
  const names = tiles.map(({ u, v }) => `0,${v.chunk},${u.chunk}`);
  assertEquals(asked, names.slice(0, 6));
  assertEquals(loader.waiting, 16);
  gates.get(names[0]!)!.resolve();
  await settle();
  assertEquals(asked.length, 7);
  assertEquals([loader.get(tiles[0]!.key)?.version, loader.get(next[0]!.key)?.version, changes], [1, 1, 1]);
  while (loader.waiting > 0) {
    for (const gate of gates.values()) gate.resolve();
    await settle();
  }
  assertEquals(asked, names);
  // What is in memory is there at once.
  const later = visibleTiles(picture, 0, { ...PICK, depth: 4 }, ALL);
  loader.want(later);
  assert(later.every(({ key }) => loader.isWhole(key)));
});

Deno.test("chunks that nobody wants any more are given up, and asked for again when they are", async () => {
  const { picture, asked, given, gates } = heldPicture();
  const loader = new TileLoader({ changed: () => {}, failed: (error) => assert(false, String(error)) });
  const [first] = visibleTiles(picture, 0, PICK, ALL);
  loader.want([first!]);
  loader.want([]);
  loader.want([first!]);
  await settle();
  assertEquals(asked.length, 2);
  gates.get(asked[0]!)!.resolve();
  await settle();
  assertEquals([given.length, loader.isWhole(first!.key)], [1, true]);
});

Deno.test("a projection grows chunk by chunk and is whole after the last", async () => {
  const { picture, gates } = heldPicture();
  const loader = new TileLoader({ changed: () => {}, failed: (error) => assert(false, String(error)) });
  const [tile] = visibleTiles(picture, 0, { ...PICK, depth: "all" }, ALL);
  loader.want([tile!]);
  const [near, far] = gates.values();
  far!.resolve();
  await settle();
  const partial = loader.get(tile!.key)!;
  const most = partial.values![0];
  assertEquals([partial.version, loader.isWhole(tile!.key)], [1, false]);
  near!.resolve();
  await settle();
  assertEquals([partial.version, loader.isWhole(tile!.key), partial.values![0]], [2, true, most]);
});

Deno.test("a chunk that cannot be read is told once, and tried again on request", async () => {
  let isBroken = true;
  const picture = pictureOf({
    shape: SHAPE,
    chunk: CHUNK,
    onRead: () => isBroken ? Promise.reject(new ClearstackError("corrupt-data", "damaged")) : Promise.resolve(),
  });
  const failures: string[] = [];
  const loader = new TileLoader({ changed: () => {}, failed: (error) => failures.push(String(error)) });
  const [first] = visibleTiles(picture, 0, PICK, ALL);
  loader.want([first!]);
  await settle();
  loader.want([first!]);
  await settle();
  assertEquals([failures, loader.waiting], [["ClearstackError: damaged"], 0]);
  isBroken = false;
  loader.retry();
  await settle();
  assertEquals(loader.isWhole(first!.key), true);
});

Deno.test("coarser levels that have changed are read again, and stay on the screen meanwhile", async () => {
  let reads = 0;
  const picture = pictureOf({ shape: SHAPE, chunk: CHUNK, steps: [1, 2], onRead: () => Promise.resolve(void reads++) });
  const loader = new TileLoader({ changed: () => {}, failed: (error) => assert(false, String(error)) });
  const [fine] = visibleTiles(picture, 0, PICK, ALL);
  const [coarse] = visibleTiles(picture, 1, { ...PICK, depth: "all" }, ALL);
  loader.want([fine!, coarse!]);
  await settle();
  assertEquals([reads, loader.isWhole(coarse!.key)], [3, true]);
  const { version } = loader.get(coarse!.key)!;
  loader.refresh(picture.url);
  assertEquals([loader.get(coarse!.key)?.version, loader.isWhole(coarse!.key)], [version, false]);
  await settle();
  assertEquals([reads, loader.get(coarse!.key)?.version, loader.isWhole(coarse!.key)], [5, version + 2, true]);
});
