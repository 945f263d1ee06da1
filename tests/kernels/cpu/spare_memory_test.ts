import { assert, assertEquals } from "@std/assert";
import { createCpuDeconvolver } from "kernels/cpu/deconvolver.ts";
import { leaveMemory, takeMemory } from "kernels/cpu/spare_memory.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { voxelCount } from "shared/volume/geometry.ts";

const PAGE = 65536;

Deno.test("a memory that was left is taken again, all 0, and grows to what is asked for", () => {
  const left = takeMemory(10);
  new Uint8Array(left.buffer).fill(7);
  leaveMemory(left);
  const taken = takeMemory(12);
  assert(taken === left);
  assertEquals(taken.buffer.byteLength, 12 * PAGE);
  assert(new Uint8Array(taken.buffer).every((byte) => byte === 0));
  assert(takeMemory(12) !== left, "one memory was given to two");
});

Deno.test("a memory that is far too large is left to the collector", () => {
  const left = takeMemory(100);
  leaveMemory(left);
  assertEquals(takeMemory(10).buffer.byteLength, 10 * PAGE);
});

Deno.test("a deconvolver in the memory of another gives the bytes of one in its own, whatever ran before", async () => {
  const psf = { shape: [3, 3, 3] as Vec3, values: new Float32Array(27).fill(1) };
  const estimate = async (box: Vec3, more: { acceleration?: "biggs" } = {}) => {
    const deconvolver = await createCpuDeconvolver({ box, psf, threads: 2, ...more });
    const data = Float32Array.from({ length: voxelCount(box) }, (_, i) => i % 17);
    const { estimate } = await deconvolver.run(data, { iterations: 4 });
    await deconvolver.close();
    return estimate;
  };
  const alone = await estimate([8, 20, 18], { acceleration: "biggs" });
  await estimate([10, 20, 20]);
  assertEquals(await estimate([8, 20, 18], { acceleration: "biggs" }), alone);
});
