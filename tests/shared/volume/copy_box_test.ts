import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { copyBox } from "shared/volume/copy_box.ts";
import { type Box, mapAxes, stridesOf, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";

const triple = (min: number, max: number) => fc.tuple(...mapAxes(() => fc.integer({ min, max })));
const boxes: fc.Arbitrary<Box> = fc.record({ start: triple(-3, 3), shape: triple(0, 6) });
const types = fc.constantFrom(...Object.values(VOXEL_ARRAYS));
const orders = fc.constantFrom<Vec3>([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]);

/** Strides of a volume whose axes are stored in this order, the last of it contiguous. */
function stridesIn(order: Vec3, shape: Vec3): Vec3 {
  const inOrder = stridesOf([shape[order[0]]!, shape[order[1]]!, shape[order[2]]!]);
  return mapAxes((axis) => inOrder[order.indexOf(axis)]!);
}

Deno.test("voxels in both boxes are copied as by a copy voxel by voxel, whatever their type and the order of axes", () => {
  const offsets = fc.integer({ min: 0, max: 3 });
  fc.assert(
    fc.property(types, boxes, boxes, orders, offsets, (Values, source, target, order, offset) => {
      const isBig = Values === BigInt64Array || Values === BigUint64Array;
      const values = new Values(offset + voxelCount(source.shape));
      for (let i = 0; i < values.length; i++) values[i] = (isBig ? BigInt(i % 100 + 1) : i % 100 + 1) as never;
      const strides = stridesIn(order, source.shape);
      const expected = new Values(voxelCount(target.shape));
      for (let index = 0; index < expected.length; index++) {
        const inTarget = positionAt(index, target.shape);
        const inSource = mapAxes((axis) => inTarget[axis] + target.start[axis] - source.start[axis]);
        if (inSource.some((at, axis) => at < 0 || at >= source.shape[axis]!)) continue;
        expected[index] = values[inSource.reduce((sum, at, axis) => sum + at * strides[axis]!, offset)] as never;
      }
      const copied = new Values(voxelCount(target.shape));
      copyBox({ box: source, values, offset, strides }, { box: target, values: copied });
      assertEquals(copied, expected);
    }),
    { numRuns: 500 },
  );
});

Deno.test("a copy keeps the bits of a NaN, and converts numbers to the type of the target", () => {
  const box: Box = { start: [0, 0, 0], shape: [1, 2, 1] };
  const bits = new Uint32Array([0x7fc12345, 0xffa00001]);
  const copied = new Float32Array(2);
  copyBox({ box, values: new Float32Array(bits.buffer) }, { box, values: copied });
  assertEquals(new Uint32Array(copied.buffer), bits);
  const doubles = new Float64Array(2);
  copyBox({ box, values: new Float32Array([0.5, 1.5]) }, { box, values: doubles });
  assertEquals([...doubles], [0.5, 1.5]);
});
