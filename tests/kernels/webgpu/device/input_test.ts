import { assertEquals, assertThrows } from "@std/assert";
import { DataRows, numberRows } from "kernels/webgpu/device/input.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Box, Vec3 } from "shared/volume/geometry.ts";

const BOX: Vec3 = [3, 4, 6];
const ROWS = BOX[0] * BOX[1];
const PARTS: readonly Box[] = [
  { start: [0, 0, 0], shape: BOX },
  { start: [1, 1, 2], shape: [2, 2, 3] },
];

const voxels = () => Float32Array.from({ length: ROWS * BOX[2] }, (_, index) => 50 * Math.sin(index) - 3);

function filled({ fill }: Pick<DataRows, "fill">): Float32Array[] {
  return Array.from({ length: ROWS }, (_, row) => {
    const target = new Float32Array(BOX[2]).fill(7);
    fill(row, target);
    return target;
  });
}

Deno.test("rows are the same whether or not their peak and sum are asked for", () => {
  for (const observed of PARTS) {
    const values = voxels();
    values[2 * BOX[2] * BOX[1] + 2 * BOX[2] + 3] = -0;
    assertEquals(filled(numberRows(values, BOX, observed)), filled(new DataRows(values, BOX, observed)));
  }
});

Deno.test("the first voxel that is no number is named, and one that nobody observes is none of the data", () => {
  const [whole, part] = PARTS as [Box, Box];
  for (const value of [NaN, Infinity, -Infinity]) {
    const values = voxels();
    // At 1, 2, 3 and 1, 2, 4.
    for (const index of [39, 40]) values[index] = value;
    for (const observed of [whole, part]) {
      const message = `voxel 1,2,3 (z,y,x in the box) is ${value}`;
      assertThrows(() => filled(numberRows(values, BOX, observed)), ClearstackError, message);
      assertThrows(() => filled(new DataRows(values, BOX, observed)), ClearstackError, message);
    }
    const outside = voxels();
    outside[0] = value;
    assertEquals(filled(numberRows(outside, BOX, part)), filled(numberRows(voxels(), BOX, part)));
  }
});
