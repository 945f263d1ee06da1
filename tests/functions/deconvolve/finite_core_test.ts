import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertFiniteCore } from "functions/deconvolve/tile/finite_core.ts";
import { ClearstackError } from "shared/errors.ts";

const BOX = { start: [-1, 4, 0], shape: [3, 4, 5] } as const;
const CORE = { start: [0, 5, 1], shape: [1, 2, 3] } as const;
const TILE = { box: BOX, core: CORE };
const IMAGE = new Float32Array(60).fill(10);

/** Zeros, and one other value at a position in the core. */
function estimate(value: number, [z, y, x]: readonly [number, number, number]): Float32Array {
  const values = new Float32Array(6);
  values[6 * z + 3 * y + x] = value;
  return values;
}

const refusal = (values: Float32Array, image = IMAGE) =>
  assertRejects(() => assertFiniteCore(values, image, TILE), ClearstackError);

Deno.test("a core of numbers is accepted", async () => {
  await assertFiniteCore(estimate(3.4e38, [0, 1, 1]), IMAGE, TILE);
});

Deno.test("an estimate that is no number is refused at its first voxel of the core", async () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const { kind, message } = await refusal(estimate(value, [0, 1, 2]));
    assertEquals(kind, "failed-check");
    assert(message.startsWith(`the estimate is ${value} at voxel 0,1,2 (z,y,x in the core)`), message);
  }
});

Deno.test("an image whose sum float32 cannot hold is named as the cause", async () => {
  // 60 voxels of 1e37 sum up to 6e38.
  const { kind, message } = await refusal(estimate(Infinity, [0, 1, 1]), new Float32Array(60).fill(1e37));
  assertEquals(kind, "corrupt-data");
  assert(message.includes("float32"), message);
});
