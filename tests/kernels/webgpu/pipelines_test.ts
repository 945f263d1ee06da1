import { assert, assertEquals } from "@std/assert";
import { PipelineCache } from "kernels/webgpu/device/encoder.ts";
import { type MethodOptions, type Program, programOptions, rlProgram } from "kernels/webgpu/program/rl_program.ts";
import { Runner } from "kernels/webgpu/runner.ts";
import { compactCode, type Shader } from "kernels/webgpu/wgsl/shader.ts";
import { repeatedStretch } from "shared/plan/axis_place.ts";
import { type AxisCut, spanAt, tileCount } from "shared/plan/axis_cut.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { LARGE_GPU } from "../../../infra/bench/gpu/traffic.ts";
import { webgpuTest } from "../../require.ts";
import { testGpu } from "./device_harness.ts";

/** What a run without measuring needs. */
function shadersOf({ otf, weights, start, iteration }: Program): Shader[] {
  return [...otf, ...weights, ...start, ...iteration].flat().map(({ shader }) => shader);
}

/** The two lengths of boxes along an axis that tiles of `core` voxels cut with a last one that is shorter. */
function sides(axis: 0 | 1 | 2, whole: number, core: number, halo: number): [number, number] {
  const volume = { axis, whole, boundary: "symmetric", halo, reach: halo, psf: 2 * halo } as const;
  const cut: AxisCut = {
    ...volume,
    first: 0,
    extent: whole,
    core,
    repeated: repeatedStretch({ ...volume, first: 0, extent: whole }),
  };
  const lengths = Array.from({ length: tileCount(cut) }, (_, index) => spanAt(cut, index).box.length);
  const different = [...new Set(lengths)];
  assertEquals(different.length, 2, `${lengths}`);
  return different as [number, number];
}

function boxesOf(zs: readonly number[], ys: readonly number[], xs: readonly number[]): Vec3[] {
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((x): Vec3 => [z, y, x])));
}

/** The tiles of the 2020 Dask pipeline on an image that they do not divide, and smaller ones of a narrower halo. */
const PLANS: readonly (readonly [name: string, boxes: Vec3[]])[] = [
  ["190 x 512 x 512", boxesOf(sides(0, 1000, 190, 64), sides(1, 2000, 512, 64), sides(2, 2000, 512, 64))],
  ["64 x 480 x 480", boxesOf(sides(0, 200, 64, 16), sides(1, 1100, 480, 16), sides(2, 1100, 480, 16))],
];

/** Unknown edges take more of the start and of the update; the heavy ball, with which they are the default, another update and a step. */
const METHODS: readonly (readonly [MethodOptions, kibibytes: number])[] = [
  [{}, 92],
  [{ dataType: "uint16", symmetricPsf: true }, 92],
  [{ nonCirculant: true }, 98],
  [{ nonCirculant: true, acceleration: "shb" }, 100],
];

for (const [name, boxes] of PLANS) {
  Deno.test(`eight shapes of boxes of a plan of tiles ${name} share 15 pipelines and little text`, () => {
    assertEquals(boxes.length, 8);
    for (const [method, kibibytes] of METHODS) {
      const programs = boxes.map((box) => rlProgram(box, programOptions(method), LARGE_GPU));
      const texts = new Set(programs.flatMap(shadersOf).map(({ code }) => compactCode(code)));
      const bytes = [...texts].reduce((sum, text) => sum + text.length, 0);
      assert(texts.size <= 15, `${JSON.stringify(method)}: ${texts.size} pipelines`);
      assert(bytes <= kibibytes * 1024, `${JSON.stringify(method)}: ${bytes} bytes`);
    }
  });
}

webgpuTest("a device makes a pipeline once for all boxes that share it", async () => {
  const gpu = await testGpu();
  const pipelines = new PipelineCache(gpu.device);
  const make = gpu.device.createComputePipeline.bind(gpu.device);
  let made = 0;
  gpu.device.createComputePipeline = (descriptor) => {
    made++;
    return make(descriptor);
  };
  try {
    const psf = { shape: [3, 3, 3] as Vec3, values: new Float32Array(27).map((_, i) => 1 + i) };
    for (const box of boxesOf([8, 9], [64, 72], [32, 36])) {
      const runner = await Runner.create(gpu, pipelines, { box, psf, tuning: {} });
      await runner.run(new Float32Array(voxelCount(box)).fill(2), { iterations: 1, isCancelled: () => false });
      runner.destroy();
    }
  } finally {
    gpu.device.createComputePipeline = make;
  }
  // Of each side along x: start, ratio and update; along y: a transform; along z: two multiplications; two that keep the OTF.
  assertEquals(made, 2 * 3 + 2 + 2 * 2 + 2);
});
