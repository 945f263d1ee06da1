import { assert, assertEquals } from "@std/assert";
import { channelWindows, createOutput, writeTile } from "../../../stores.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { plannedOutput } from "shared/image/output/level_arrays.ts";
import { imageInfo } from "../../../fixtures/image_info.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { planFor, requestFor, tasksFor } from "../../../fixtures/plan.ts";

/** The windows of an output without coarser levels. */
async function windowsOf(
  names: string,
  shape: number[],
  chunk: Vec3,
  valueAt: (index: number, outer: readonly number[]) => number,
) {
  const source = imageInfo(names, shape, { url: "memory:windows" });
  const tile = (shape.length === 2 ? [1, ...shape] : shape.slice(-3)) as unknown as Vec3;
  const plan = planFor({ source, tile, chunk });
  const url = memoryUrl();
  await createOutput(plan, requestFor(plan, url));
  for (const task of tasksFor(plan, url)) {
    const { core, outer } = task.tile;
    const length = core.shape.reduce((product, side) => product * side, 1);
    await writeTile(task, Float32Array.from({ length }, (_, index) => valueAt(index, outer)));
  }
  return await channelWindows(plannedOutput(plan, { url }));
}

Deno.test("a window leaves out the darkest hundredth and the brightest thousandth", async () => {
  // 0 to 9999, each once: 1 % of them lie below 99.99, 99.9 % below 9989.001.
  const [window] = await windowsOf("yx", [100, 100], [1, 32, 32], (index) => index);
  assertEquals(window, { min: 0, max: 9999, start: 99, end: 9989 });
});

Deno.test("a dark image with few bright voxels keeps a window that has a width", async () => {
  const [window] = await windowsOf("yx", [100, 100], [1, 100, 100], (index) => index === 5000 ? 7 : 0);
  assertEquals(window, { min: 0, max: 7, start: 0, end: 7 });
});

Deno.test("an image of one value has a window of width 1", async () => {
  assertEquals(await windowsOf("yx", [10, 10], [1, 10, 10], () => 3), [{ min: 3, max: 4, start: 3, end: 4 }]);
});

Deno.test("each channel has its own window, over its time points", async () => {
  const windows = await windowsOf(
    "tcyx",
    [3, 2, 20, 20],
    [1, 20, 20],
    (index, [t, c]) => 1000 * c! + 100 * t! + index % 100,
  );
  assertEquals(windows.map(({ min, max }) => [min, max]), [[0, 299], [1000, 1299]]);
});

Deno.test("of an image of more voxels than are read, the window comes from a sample of all parts", async () => {
  // 9 x 1024 x 2048 voxels are more than the 256^3 that are read, so one chunk at least is left out.
  const [window] = await windowsOf(
    "zyx",
    [9, 1024, 2048],
    [1, 1024, 2048],
    (index) => Math.floor(index / (1024 * 2048)),
  );
  assert(window!.max - window!.min === 8 || window!.max - window!.min === 7, `${window!.min} to ${window!.max}`);
});
