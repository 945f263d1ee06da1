import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Level } from "shared/contract/level.ts";
import { outputObjects } from "shared/plan/output_objects.ts";
import { levelGrid, pyramidLevels } from "shared/plan/levels/pyramid.ts";
import { cutAsTiles, isCutAsTiles } from "shared/plan/levels/tile_level.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";

const inChunks = (shape: Vec3, tile: Vec3) =>
  outputObjects({ version: "0.5", volumes: 1, shards: "none", shape, tile });
const inShards = (shape: Vec3, tile: Vec3) =>
  outputObjects({ version: "0.5", volumes: 1, shards: "auto", shape, tile });

const freeLevels = (shape: Vec3, storedAs = inChunks, spacing: Vec3 = [1, 1, 1]) =>
  pyramidLevels(shape, { spacing, objects: (shape) => storedAs(shape, shape) });

function cutLevels(shape: Vec3, tile: Vec3, storedAs = inChunks): Level[] {
  return cutAsTiles(freeLevels(shape, storedAs), { shape, tile, objects: storedAs });
}

Deno.test("the first level is cut as the tiles are, in chunks that divide what is made of one", () => {
  const shape: Vec3 = [950, 2048, 2048];
  const tile: Vec3 = [190, 512, 512];
  const levels = cutLevels(shape, tile);
  const [first, ...others] = levels;
  assertEquals([first!.tile, first!.chunk, levelGrid(first!)], [[95, 256, 256], [19, 256, 256], [5, 4, 4]]);
  assertEquals(others, freeLevels(shape).slice(1));
  assertEquals([isCutAsTiles({ levels, shape, tile }), isCutAsTiles({ levels: [], shape, tile })], [true, false]);
});

Deno.test("a level stays as it is where its objects would become small, or cells reach from tile to tile", () => {
  const shape: Vec3 = [64, 1024, 1024];
  // An odd number of planes; chunks of a quarter; shards of less than an eighth.
  for (const tile of [[9, 512, 512], [8, 256, 512]] as const) {
    const levels = cutLevels(shape, tile);
    assertEquals(levels, freeLevels(shape), `${tile}`);
    assertEquals(isCutAsTiles({ levels, shape, tile }), false);
  }
  const large: Vec3 = [512, 8192, 8192];
  const [free] = freeLevels(large, inShards);
  assert(free!.shard !== undefined);
  assertEquals(cutLevels(large, [32, 512, 512], inShards)[0], free);
  const [cut] = cutLevels(large, [64, 1024, 1024], inShards);
  assertEquals([cut!.tile, cut!.shard], [[32, 512, 512], [32, 512, 512]]);
  assert(8 * voxelCount(cut!.shard!) >= voxelCount(free!.shard!));
});

Deno.test("a tile that holds an axis makes all of the level along it, an odd last voxel too", () => {
  const shape: Vec3 = [5, 301, 1024];
  const [first] = cutLevels(shape, [5, 301, 512]);
  assertEquals([first!.tile, levelGrid(first!)], [[3, 151, 256], [1, 1, 2]]);
});

Deno.test("whatever the tiles, those of a level that is cut as they are own whole objects, and the voxels below are those of one", () => {
  const side = fc.integer({ min: 1, max: 3000 });
  const spacing = fc.constantFrom(1, 1.2, 2.5);
  const image = fc.record({
    shape: fc.tuple(side, side, side),
    wanted: fc.tuple(side, side, side),
    spacing: fc.tuple(spacing, spacing, spacing),
    storedAs: fc.constantFrom(inChunks, inShards),
  });
  fc.assert(fc.property(image, ({ shape, wanted, spacing, storedAs }) => {
    const tile = mapAxes((axis) => Math.min(shape[axis], wanted[axis]));
    const levels = cutAsTiles(freeLevels(shape, storedAs, spacing), { shape, tile, objects: storedAs });
    if (!isCutAsTiles({ levels, shape, tile })) return;
    const [{ factors, chunk, shard = chunk, ...first }] = levels as [Level];
    assertEquals(levelGrid({ factors, chunk, ...first }), mapAxes((axis) => Math.ceil(shape[axis] / tile[axis])));
    for (const axis of [0, 1, 2] as const) {
      const isCut = tile[axis] < shape[axis];
      assert(isCut ? first.tile[axis] % shard[axis] === 0 : first.tile[axis] >= first.shape[axis]);
      if (isCut) assertEquals(first.tile[axis] * factors[axis], tile[axis]);
    }
  }));
});
