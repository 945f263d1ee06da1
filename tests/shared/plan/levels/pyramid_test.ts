import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Vec3 } from "shared/volume/geometry.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { levelGrid, levelSteps, pieceShape, pyramidLevels } from "shared/plan/levels/pyramid.ts";

const chunk: Vec3 = [16, 256, 256];
const objects = (shape: Vec3) => ({ chunk: mapAxes((axis) => Math.min(chunk[axis], shape[axis])) });
const shapes = (shape: Vec3, spacing: Vec3) => pyramidLevels(shape, { spacing, objects }).map((level) => level.shape);
const factors = (shape: Vec3, spacing: Vec3) =>
  pyramidLevels(shape, { spacing, objects }).map((level) => level.factors.join(""));

Deno.test("cubes are halved along all axes until a plane is 256 x 256", () => {
  assertEquals(shapes([64, 1024, 1024], [1, 1, 1]), [[32, 512, 512], [16, 256, 256]]);
});

Deno.test("coarse planes are left alone until y and x have caught up", () => {
  // 1 against 0.25: two halvings make cubes, and the third halves all.
  assertEquals(factors([40, 2048, 2048], [1, 0.25, 0.25]), ["122", "122", "222"]);
  // 0.3 against 0.2 is nearer to 0.2 than to 0.4 (their geometric mean is 0.283): one step, then 0.3 and 0.4 go together.
  assertEquals(factors([40, 1024, 1024], [0.3, 0.2, 0.2]), ["122", "222"]);
  // 0.28 is below 0.283.
  assertEquals(factors([40, 1024, 1024], [0.28, 0.2, 0.2]), ["222", "222"]);
});

Deno.test("strongly anisotropic planes are never averaged", () => {
  assertEquals(shapes([30, 2000, 1500], [100, 1, 1]), [[30, 1000, 750], [30, 500, 375], [30, 250, 188]]);
});

Deno.test("an axis finer than the others is halved alone first", () => {
  assertEquals(factors([800, 600, 600], [0.1, 0.4, 0.4]), ["211", "211", "222", "222"]);
});

Deno.test("a 2-D image has levels of y and x", () => {
  assertEquals(shapes([1, 1000, 600], [1, 0.1, 0.1]), [[1, 500, 300], [1, 250, 150]]);
});

Deno.test("odd and prime sides are rounded up, so that no voxel is left out", () => {
  assertEquals(shapes([7, 1021, 509], [1, 1, 1]), [[4, 511, 255], [2, 256, 128]]);
});

Deno.test("small images have no further levels, tall ones of small planes do", () => {
  assertEquals(shapes([16, 256, 256], [1, 1, 1]), []);
  assertEquals(shapes([1, 1, 1], [1, 1, 1]), []);
  assertEquals(shapes([1, 1, 257], [1, 1, 1]), [[1, 1, 129]]);
  // 2000 x 256 x 256 is more than 256^3 voxels, and so is the half of all sides no longer.
  assertEquals(shapes([2000, 256, 256], [1, 1, 1]), [[1000, 128, 128]]);
});

Deno.test("tiles are whole stored objects and of bounded size", () => {
  const [level] = pyramidLevels([200, 4096, 4096], { spacing: [1, 1, 1], objects });
  // 16 x 256 x 256 is 1 Mi voxels; four of them make the 4 Mi of a task.
  assertEquals([level!.tile, levelGrid(level!)], [[16, 256, 1024], [7, 8, 2]]);
  const shard: Vec3 = [32, 512, 512];
  const inShards = () => ({ chunk, shard });
  const [sharded] = pyramidLevels([200, 4096, 4096], { spacing: [1, 1, 1], objects: inShards });
  assertEquals([sharded!.shard, sharded!.tile], [shard, shard]);
});

Deno.test("pieces fill whole chunks of the finer level, odd ones included", () => {
  assertEquals(pieceShape([16, 95, 256], [2, 2, 1]), [8, 95, 256]);
});

Deno.test("any image comes to levels that fit, each cell of which is at most two voxels and as cubic as can be", () => {
  const side = fc.integer({ min: 1, max: 5000 });
  const spacing = fc.double({ min: 0.01, max: 100, noNaN: true });
  fc.assert(fc.property(fc.tuple(side, side, side), fc.tuple(spacing, spacing, spacing), (shape, spacing) => {
    const levels = pyramidLevels(shape, { spacing, objects });
    let finer: Vec3 = shape;
    for (const level of levels) {
      assertEquals(level.shape, mapAxes((axis) => Math.ceil(finer[axis] / level.factors[axis])));
      assert(voxelCount(level.factors) > 1);
      finer = level.shape;
    }
    assert(finer[1] <= 256 && finer[2] <= 256 && voxelCount(finer) <= 256 ** 3);
    const steps = levelSteps(levels).at(-1) ?? [1, 1, 1];
    const sizes = mapAxes((axis) => steps[axis] * spacing[axis]);
    // An axis that was halved to a size above another's was below sqrt 2 of it before: never over 2 sqrt 2 times the finest,
    // unless it was that coarse from the start or the finest is down to one voxel.
    for (const axis of [0, 1, 2] as const) {
      const others = sizes.filter((_, other) => finer[other]! > 1);
      if (steps[axis] > 1 && finer[axis] > 1) assert(sizes[axis] <= Math.min(...others) * 2 * Math.SQRT2 * (1 + 1e-12));
    }
  }));
});
