import { assertEquals } from "@std/assert";
import { cropCore } from "functions/deconvolve/crop_core.ts";

Deno.test("the core is cut out of the box where it lies, also when the box begins before the image", () => {
  const box = { start: [-1, -2, 3], shape: [3, 4, 5] } as const;
  const core = { start: [0, 0, 4], shape: [1, 2, 3] } as const;
  // Voxels are named by their position: 100 z + 10 y + x, counted in the box.
  const values = Float32Array.from(
    { length: 60 },
    (_, i) => 100 * Math.floor(i / 20) + 10 * (Math.floor(i / 5) % 4) + i % 5,
  );
  assertEquals([...cropCore(values, { index: 0, outer: [], box, core })], [121, 122, 123, 131, 132, 133]);
});

Deno.test("a core as large as its box is copied, not shared", () => {
  const box = { start: [0, 0, 0], shape: [1, 2, 2] } as const;
  const values = new Float32Array([1, 2, 3, 4]);
  const cropped = cropCore(values, { index: 0, outer: [], box, core: box });
  values.fill(0);
  assertEquals([...cropped], [1, 2, 3, 4]);
});
