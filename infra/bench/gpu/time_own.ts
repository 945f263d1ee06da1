/** Times iterations of every way to keep data and OTF, with the slabs that prove fastest. */
import type { Gpu } from "kernels/webgpu/device/gpu_device.ts";
import type { PipelineCache } from "kernels/webgpu/device/encoder.ts";
import { fastest } from "kernels/webgpu/tuning/fastest.ts";
import { cappedLimits, type GpuLimits } from "kernels/webgpu/device/limits.ts";
import { PassTimer } from "kernels/webgpu/device/pass_timer.ts";
import { programOptions, rlProgram } from "kernels/webgpu/program/rl_program.ts";
import { Runner, type RunnerOptions } from "kernels/webgpu/runner.ts";
import { slabCandidates } from "kernels/webgpu/tuning/slab_choice.ts";
import { cachedTraffic, passTraffic } from "kernels/webgpu/program/traffic.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { secondsPerTick } from "./device_clock.ts";
import { type BenchBox, benchData, benchPsf } from "./specimen.ts";

/** Options of a timing. */
export interface TimingOptions {
  readonly iterations: number;
  readonly repeats: number;
}

/** One way on one box. */
export interface Timing {
  readonly name: string;
  /** Milliseconds per iteration by the device's clock with the slabs chosen and without, undefined without a clock. */
  readonly deviceMs: number | undefined;
  readonly wholeBoxMs: number | undefined;
  /** Milliseconds per iteration of whole runs by the host's clock, less what is done once. */
  readonly wallMs: number;
  readonly slabPlanes: number | undefined;
  /** Every slab size tried: planes (undefined for the whole box) and milliseconds. */
  readonly tried: readonly (readonly [planes: number | undefined, milliseconds: number])[];
  /** Bytes per voxel and iteration that cannot be avoided with those slabs. */
  readonly trafficPerVoxel: number;
  readonly allocatedBytes: number;
}

/** Ways to keep data and OTF, from the default to the smallest. */
const WAYS: readonly (readonly [name: string, options: Partial<RunnerOptions>, symmetric: boolean])[] = [
  ["float32", {}, false],
  ["uint16", { dataType: "uint16" }, false],
  ["uint16, real OTF", { dataType: "uint16" }, true],
  ["uint16, real float16 OTF", { dataType: "uint16", otfPrecision: "float16" }, true],
];

/** Times every way on one box. */
export async function timeOwn(gpu: Gpu, pipelines: PipelineCache, { box }: BenchBox, options: TimingOptions) {
  const timings: Timing[] = [];
  const data = benchData(box);
  for (const [name, way, symmetric] of WAYS) {
    const made: RunnerOptions = { ...way, box, psf: benchPsf(box, symmetric) };
    const unslabbed = await Runner.create(gpu, pipelines, { ...made, tuning: {} });
    const { tried, chosen } = await trySlabs(gpu, unslabbed, made, options);
    unslabbed.destroy();
    const runner = await Runner.create(gpu, pipelines, { ...made, tuning: { slabPlanes: chosen } });
    const wall = async (iterations: number) =>
      (await runner.run(data, { iterations, isCancelled: () => false })).kernelSeconds;
    await wall(1);
    const milliseconds: number[] = [];
    for (let repeat = 0; repeat < options.repeats; repeat++) {
      const less = await wall(options.iterations);
      milliseconds.push((1000 * (await wall(3 * options.iterations) - less)) / (2 * options.iterations));
    }
    const method = programOptions({ ...way, symmetricPsf: symmetric });
    const { iteration } = rlProgram(box, method, gpu.limits, { slabPlanes: chosen });
    const bytes = chosen === undefined ? passTraffic(iteration) : cachedTraffic(iteration, Infinity);
    timings.push({
      name,
      deviceMs: tried.find(([planes]) => planes === chosen)?.[1],
      wholeBoxMs: tried.find(([planes]) => planes === undefined)?.[1],
      wallMs: Math.min(...milliseconds),
      slabPlanes: chosen,
      tried,
      trafficPerVoxel: bytes / voxelCount(box),
      allocatedBytes: runner.allocatedBytes,
    });
    runner.destroy();
  }
  return timings;
}

async function trySlabs(gpu: Gpu, runner: Runner, { box }: RunnerOptions, { iterations }: TimingOptions) {
  const tried: [number | undefined, number][] = [];
  if (!PassTimer.isAvailable(gpu.device)) return { tried, chosen: undefined };
  const tick = await secondsPerTick(runner, iterations);
  const chosen = await fastest(slabCandidates(box), async (planes) => {
    const milliseconds = 1000 * tick * await runner.iterationTicks({ slabPlanes: planes }, iterations);
    const known = tried.find(([each]) => each === planes);
    if (known) known[1] = Math.min(known[1], milliseconds);
    else tried.push([planes, milliseconds]);
    return milliseconds;
  });
  return { tried, chosen };
}

/** Workgroup memory and invocations that kernels are cut for. */
export interface Cut {
  readonly caps: Partial<GpuLimits>;
  readonly milliseconds: number;
}

/** Times the default way under tighter limits, which make workgroups of fewer columns or more registers per lane. */
export async function timeCuts(gpu: Gpu, pipelines: PipelineCache, { box }: BenchBox, options: TimingOptions) {
  const cuts: Cut[] = [];
  if (!PassTimer.isAvailable(gpu.device)) return cuts;
  for (const maxComputeWorkgroupStorageSize of [16, 24, 32, 48].map((kibibytes) => kibibytes * 1024)) {
    for (const maxComputeInvocationsPerWorkgroup of [128, 256, 512, 1024]) {
      const caps = { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup };
      const { limits } = gpu;
      // A device that offers less was timed with that already.
      if (Object.entries(caps).some(([name, cap]) => limits[name as keyof GpuLimits] < cap)) continue;
      const made = { box, psf: benchPsf(box, false), tuning: {}, limitCaps: cappedLimits(limits, caps) };
      const runner = await Runner.create(gpu, pipelines, made).catch(() => undefined);
      if (!runner) continue;
      const tick = await secondsPerTick(runner, options.iterations);
      const least = Math.min(
        await runner.iterationTicks({}, options.iterations),
        await runner.iterationTicks({}, options.iterations),
      );
      cuts.push({ caps, milliseconds: 1000 * tick * least });
      runner.destroy();
    }
  }
  return cuts.sort((a, b) => a.milliseconds - b.milliseconds);
}
