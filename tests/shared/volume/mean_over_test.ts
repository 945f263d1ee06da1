import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { meanOver } from "shared/volume/mean_over.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { meansOf } from "../../functions/pyramid/means_of.ts";

Deno.test("a voxel is the mean of its cell, at edges of the voxels that exist", () => {
  // deno-fmt-ignore
  const values = Float32Array.of(
    1, 2, 3,
    5, 8, 7,
    0, 4, 9,
  );
  assertEquals(meanOver(values, [1, 3, 3], { factors: [1, 2, 2], dtype: "float32" }), Float32Array.of(4, 5, 2, 9));
  assertEquals(
    meanOver(values, [1, 3, 3], { factors: [1, 1, 2], dtype: "float32" }),
    Float32Array.of(1.5, 3, 6.5, 7, 2, 9),
  );
});

Deno.test("means of any shape equal those taken voxel by voxel", () => {
  const side = fc.integer({ min: 1, max: 7 });
  const factor = fc.constantFrom(1, 2);
  fc.assert(fc.property(
    fc.tuple(side, side, side),
    fc.tuple(factor, factor, factor),
    fc.integer({ min: 1, max: 2 ** 30 }),
    (shape: Vec3, factors: Vec3, seed) => {
      const values = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => Math.sin(seed + i) * 1e4);
      assertEquals(meanOver(values, shape, { factors, dtype: "float32" }), meansOf(values, shape, factors));
    },
  ));
});

Deno.test("a mean is rounded once, also where float32 sums would lose the small voxels", () => {
  // In float32, 2^24 + 1 is 2^24: a float32 sum would come to 2^24 + 2.
  const values = Float32Array.of(2 ** 24, 1, 1, 2);
  assertEquals(meanOver(values, [1, 2, 2], { factors: [1, 2, 2], dtype: "float32" }), Float32Array.of(2 ** 22 + 1));
});
