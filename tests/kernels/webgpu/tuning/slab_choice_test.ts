import { assert, assertEquals } from "@std/assert";
import { PipelineCache } from "kernels/webgpu/device/encoder.ts";
import { fastest } from "kernels/webgpu/tuning/fastest.ts";
import { Runner } from "kernels/webgpu/runner.ts";
import { slabCandidates } from "kernels/webgpu/tuning/slab_choice.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { webgpuTest } from "../../../require.ts";
import { testGpu } from "../device_harness.ts";

Deno.test("slabs are tried where they are smaller than half the box, and no smaller than a plane", () => {
  assertEquals(slabCandidates([512, 512, 512]), [48, 24, 12, 6]);
  assertEquals(slabCandidates([64, 512, 512]), [24, 12, 6]);
  assertEquals(slabCandidates([16, 2048, 2048]), [3, 1]);
  assertEquals(slabCandidates([1, 2048, 2048]), []);
  assertEquals(slabCandidates([64, 64, 64]), []);
});

Deno.test("the fastest slabs win, unless they gain too little over the whole box", async () => {
  const choose = (times: Record<string, number>) =>
    fastest(
      Object.keys(times).filter((key) => key !== "whole").map(Number),
      (planes) => Promise.resolve(times[planes ?? "whole"]),
    );
  assertEquals(await choose({ whole: 100, 8: 90, 4: 80, 2: 85 }), 4);
  assertEquals(await choose({ whole: 100, 8: 99, 4: 98 }), undefined);
  assertEquals(await choose({ whole: 100 }), undefined);
});

Deno.test("of two attempts the faster counts", async () => {
  const seen = new Map<number | undefined, number>();
  const chosen = await fastest([4], (planes) => {
    seen.set(planes, (seen.get(planes) ?? 0) + 1);
    return Promise.resolve(planes === undefined ? 100 : seen.get(planes) === 1 ? 500 : 50);
  });
  assertEquals(chosen, 4);
});

webgpuTest("a device with a clock times iterations, and a run after that is not affected", async () => {
  const gpu = await testGpu();
  if (!gpu.device.features.has("timestamp-query")) return;
  const box: Vec3 = [8, 16, 16];
  const psf = { shape: [1, 1, 1] as Vec3, values: Float32Array.of(1) };
  const runner = await Runner.create(gpu, new PipelineCache(gpu.device), { box, psf, tuning: {} });
  const run = { iterations: 3, isCancelled: () => false };
  const data = Float32Array.from({ length: 8 * 16 * 16 }, (_, i) => i % 7);
  const before = (await runner.run(data, run)).estimate;
  for (const tuning of [{}, { slabPlanes: 2 }, { columns: 4 }]) assert(await runner.iterationTicks(tuning, 2) > 0);
  assertEquals((await runner.run(data, run)).estimate, before);
  runner.destroy();
});
