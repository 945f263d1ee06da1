import { assertEquals } from "@std/assert";
import { PipelineCache } from "kernels/webgpu/device/encoder.ts";
import { DEFAULT_LIMITS } from "kernels/webgpu/device/limits.ts";
import type { Tuning } from "kernels/webgpu/program/rl_program.ts";
import { Runner } from "kernels/webgpu/runner.ts";
import { isTunable, measureTuning } from "kernels/webgpu/tuning/tuning_choice.ts";
import { columnShape } from "kernels/webgpu/fft/workgroups.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { randomVolume } from "../../../reference/random_volume.ts";
import { slowWebgpuTest } from "../../../require.ts";
import { testGpu } from "../device_harness.ts";

const BOX: Vec3 = [512, 512, 512];

/** Stands in for a device: 24 planes and 8 columns are best, and together best of all. */
function standIn() {
  const asked: Tuning[] = [];
  const time = (tuning: Tuning) => {
    asked.push(tuning);
    return Promise.resolve(100 - (tuning.slabPlanes === 24 ? 30 : 0) - (tuning.columns === 8 ? 10 : 0));
  };
  return { asked, time };
}

Deno.test("the fastest slabs and columns are chosen", async () => {
  assertEquals(await measureTuning(BOX, standIn().time), { slabPlanes: 24, columns: 8 });
});

Deno.test("columns are measured with the slabs that were chosen, and only where rows have as many", async () => {
  const { asked, time } = standIn();
  await measureTuning(BOX, time);
  assertEquals(asked.filter(({ columns }) => columns !== undefined).every(({ slabPlanes }) => slabPlanes === 24), true);
  const narrow = standIn();
  await measureTuning([64, 64, 6], narrow.time);
  assertEquals(narrow.asked, []);
});

Deno.test("only hardware with a clock is tuned", () => {
  const device = (...features: string[]) => ({ features: new Set(features) as unknown as GPUSupportedFeatures });
  const clock = device("timestamp-query");
  assertEquals(isTunable({ device: clock, adapter: { isFallbackAdapter: false } }), true);
  assertEquals(isTunable({ device: clock, adapter: { isFallbackAdapter: true } }), false);
  assertEquals(isTunable({ device: device(), adapter: { isFallbackAdapter: false } }), false);
});

Deno.test("the radices and lanes of a column do not depend on how many columns a workgroup takes", () => {
  for (const length of [64, 100, 216, 432, 512, 1000, 2048]) {
    const { plan } = columnShape(length, 256, 1, DEFAULT_LIMITS);
    for (const columns of [4, 8, 32]) {
      assertEquals(columnShape(length, 256, 1, DEFAULT_LIMITS, columns).plan, plan);
    }
  }
});

slowWebgpuTest("a runner that tunes itself gives the bytes of one that does not", async () => {
  const gpu = await testGpu();
  if (!gpu.device.features.has("timestamp-query")) return;
  const box: Vec3 = [64, 16, 64];
  const psf = {
    shape: [3, 3, 3] as Vec3,
    values: Float32Array.from(randomVolume([3, 3, 3], 5), (value) => value + 0.1),
  };
  const data = Float32Array.from(randomVolume(box, 7), (value) => 100 * value);
  // As if it were hardware, so that it is tuned.
  const hardware = { ...gpu, adapter: { ...gpu.adapter, isFallbackAdapter: false } };
  const estimates: Float32Array[] = [];
  for (const options of [{ box, psf }, { box, psf, tuning: {} }]) {
    const runner = await Runner.create(hardware, new PipelineCache(gpu.device), options);
    estimates.push((await runner.run(data, { iterations: 3, isCancelled: () => false })).estimate);
    runner.destroy();
  }
  assertEquals(estimates[0], estimates[1]);
});
