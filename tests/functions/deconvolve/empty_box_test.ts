import { assertEquals } from "@std/assert";
import { emptyReason, leaveEmpty } from "functions/deconvolve/tile/empty_box.ts";
import { AlgorithmSchema } from "shared/contract/algorithm.ts";
import type { TileTask } from "shared/contract/tile.ts";

const SHAPE = [2, 3, 4] as const;
const WHOLE = { shape: SHAPE, observed: { start: [0, 0, 0], shape: SHAPE } } as const;
const { stop: _, seed: __, saturation: ___, background: ____, ...PLAIN } = AlgorithmSchema.parse({});

/** 24 voxels of 10, some of them something else. */
function voxels(others: Record<number, number> = {}, fill = 10): Float32Array {
  const values = new Float32Array(24).fill(fill);
  for (const [index, value] of Object.entries(others)) values[Number(index)] = value;
  return values;
}

const reason = (values: Float32Array | Uint16Array, more: Partial<TileTask["algorithm"]> = {}, part = WHOLE) =>
  emptyReason(values, part, { ...PLAIN, ...more });

Deno.test("a box is empty if its voxels are equal, or nearly so against the image's intensity", () => {
  assertEquals(reason(voxels()), "flat");
  assertEquals(reason(new Uint16Array(24).fill(3)), "flat");
  assertEquals(reason(voxels({}, 0)), "flat");
  assertEquals(reason(voxels({ 7: 10.4 })), undefined, "nothing is known of the image");
  // 0.05 % of 1000 are 0.5.
  assertEquals(reason(voxels({ 7: 10.4 }), { scale: 1000 }), "flat");
  assertEquals(reason(voxels({ 7: 10.5 }), { scale: 1000 }), undefined);
  assertEquals(reason(voxels({ 7: 10.4, 20: 9.7 }), { scale: 1000 }), undefined);
  assertEquals(reason(voxels(), { keepEmpty: true }), undefined);
});

Deno.test("noise is not empty, unless it lies below a value that was given; an offset counts", () => {
  const noise = Uint16Array.from({ length: 24 }, (_, index) => 2 + index % 3);
  assertEquals(reason(noise, { scale: 1000 }), undefined);
  assertEquals(reason(noise, { scale: 1000, emptyBelow: 5 }), "below");
  assertEquals(reason(noise, { scale: 1000, emptyBelow: 4 }), undefined);
  assertEquals(reason(voxels({}, 2), { emptyBelow: 5 }), "flat");
  // Stored from -100 on: 2 to 4 are -98 to -96.
  assertEquals(reason(noise, { offset: 100, emptyBelow: 5 }), "below");
});

Deno.test("what is about as bright as the background is computed, since the first estimate is something else there", () => {
  assertEquals(reason(voxels(), { background: 9 }), "flat");
  assertEquals(reason(voxels(), { background: 9.1 }), undefined);
  assertEquals(reason(voxels({}, 0), { background: 11 }), "flat");
  assertEquals(reason(voxels({}, -3), { background: 11 }), "flat");
  assertEquals(reason(voxels(), { background: 11, emptyBelow: 20 }), undefined);
  assertEquals(reason(voxels({ 3: 8 }), { background: 11, emptyBelow: 20 }), "below");
});

Deno.test("what is no number is for the kernels to refuse, and what lies outside with unknown edges does not count", () => {
  for (const value of [NaN, Infinity]) assertEquals(reason(voxels({ 23: value })), undefined);
  const observed = { start: [0, 0, 0], shape: [1, 3, 4] } as const;
  assertEquals(emptyReason(voxels({ 12: 0, 23: NaN }), { shape: SHAPE, observed }, { ...PLAIN }), "flat");
  const none = { start: [0, 0, 0], shape: [0, 3, 4] } as const;
  assertEquals(emptyReason(voxels(), { shape: SHAPE, observed: none }, { ...PLAIN }), undefined);
});

Deno.test("an empty box is the image without the background, nowhere below 0", () => {
  const estimate = new Float32Array(24);
  leaveEmpty(voxels({ 6: 3, 7: -2 }), estimate, { ...PLAIN, background: 4 });
  assertEquals([...estimate.subarray(5, 8)], [6, 0, 0]);
  leaveEmpty(voxels({ 6: 3, 7: -2 }), estimate, { ...PLAIN });
  assertEquals([...estimate.subarray(5, 8)], [10, 3, 0]);
});
