/** Are the results right on this device? Every way to compute, against the float64 reference. */
import { createCpuDeconvolver } from "kernels/cpu/deconvolver.ts";
import type { DeconvolverOptions, RunOptions } from "kernels/deconvolver.ts";
import type { Gpu } from "kernels/webgpu/device/gpu_device.ts";
import type { PipelineCache } from "kernels/webgpu/device/encoder.ts";
import { Runner, type RunnerOptions } from "kernels/webgpu/runner.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { referenceRichardsonLucy } from "../../../tests/reference/richardson_lucy.ts";
import { differenceOfPeak } from "../../conformance/property.ts";
import { benchData, benchPsf } from "./specimen.ts";

const BOX: Vec3 = [20, 18, 28];
const ITERATIONS = 20;

/** One check. */
export interface Check {
  readonly name: string;
  /** Largest difference from the reference, relative to its maximum. */
  readonly error: number;
  readonly bound: number;
}

const FLOAT_BOUND = 1e-5;
const HALF_BOUND = 1e-3;

const CASES: readonly (readonly [name: string, options: Partial<RunnerOptions>, symmetric: boolean, bound: number])[] =
  [
    ["float32", {}, false, FLOAT_BOUND],
    ["float32, real OTF", {}, true, FLOAT_BOUND],
    ["float32, slabs of 4 planes", { tuning: { slabPlanes: 4 } }, false, FLOAT_BOUND],
    ["uint16", { dataType: "uint16" }, false, FLOAT_BOUND],
    ["uint16, real float16 OTF", { dataType: "uint16", otfPrecision: "float16" }, true, HALF_BOUND],
    ["float16 OTF", { otfPrecision: "float16" }, false, HALF_BOUND],
    ["scaled heavy ball", { acceleration: "shb" }, false, FLOAT_BOUND],
    ["Biggs-Andrews, non-circulant", { acceleration: "biggs", nonCirculant: true }, false, FLOAT_BOUND],
    ["background, damping", { background: 50, dampingSigmas: 3 }, false, FLOAT_BOUND],
    // The gradient of a flat region has no direction, so that a heavy weight would enlarge rounding from step to step.
    ["total variation", { totalVariation: 0.001 }, false, FLOAT_BOUND],
  ];

/** Iterations of a check at the size that is timed: an error of a kernel shows in the first. */
const FULL_SIZE_ITERATIONS = 3;

/** Compares a box of the size that is timed with the CPU backend, which has no code in common with the GPU's. */
export async function checkAgainstCpu(gpu: Gpu, pipelines: PipelineCache, box: Vec3): Promise<Check> {
  const made: DeconvolverOptions = { box, psf: benchPsf(box, false), dataType: "uint16" };
  const data = benchData(box);
  const runner = await Runner.create(gpu, pipelines, { tuning: {}, ...made });
  const { estimate } = await runner.run(data, { iterations: FULL_SIZE_ITERATIONS, isCancelled: () => false });
  runner.destroy();
  const cpu = await createCpuDeconvolver(made);
  const { estimate: expected } = await cpu.run(data, { iterations: FULL_SIZE_ITERATIONS });
  await cpu.close();
  return {
    name: `${box.join(" x ")} against the CPU`,
    error: differenceOfPeak(estimate, expected),
    bound: FLOAT_BOUND,
  };
}

/** Runs every case. */
export async function checkAgainstReference(gpu: Gpu, pipelines: PipelineCache): Promise<Check[]> {
  const data = benchData(BOX);
  const checks: Check[] = [];
  for (const [name, options, symmetric, bound] of CASES) {
    const made: DeconvolverOptions = { ...options, box: BOX, psf: benchPsf([5, 5, 5], symmetric) };
    const run: RunOptions = { iterations: ITERATIONS };
    const runner = await Runner.create(gpu, pipelines, { tuning: {}, ...made });
    const { estimate } = await runner.run(data, { ...run, isCancelled: () => false });
    runner.destroy();
    checks.push({ name, error: differenceOfPeak(estimate, referenceRichardsonLucy(data, { ...made, ...run })), bound });
  }
  return checks;
}
