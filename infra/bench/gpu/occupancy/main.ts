/**
 * `deno task bench:occupancy [SIDE ...]`: what nvcc makes of the kernels of an iteration for an H100 or H200, as a table. No GPU is
 * used, and none is needed; the compiler of a Vulkan driver may decide otherwise.
 */
import { programOptions, rlProgram } from "kernels/webgpu/program/rl_program.ts";
import type { Shader } from "kernels/webgpu/wgsl/shader.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { LARGE_GPU } from "../traffic.ts";
import { cudaSource } from "./cuda_kernel.ts";
import { workgroupsPerMultiprocessor } from "./multiprocessor.ts";
import { compile, nvccVersion } from "./nvcc.ts";

const SIDES = [256, 384, 512, 768, 1024, 2048];

/** Wide enough for full workgroups, and small enough for every volume to be one buffer. */
const OTHER_SIDE = 64;

/** The kernels of a plain iteration whose lines along x, y and z are `side` long. */
export function kernelsOfSide(side: number): Shader[] {
  const boxes: readonly (readonly [Vec3, axes: RegExp])[] = [
    [[OTHER_SIDE, side, side], /^[xy]/],
    [[side, OTHER_SIDE, OTHER_SIDE], /^z/],
  ];
  const shaders = boxes.flatMap(([box, axes]) =>
    rlProgram(box, programOptions({}), LARGE_GPU).iteration.flat().map(({ shader }) => shader)
      .filter(({ label }) => axes.test(label))
  );
  return [...new Map(shaders.map((shader) => [shader.label, shader])).values()];
}

if (import.meta.main) {
  const version = await nvccVersion();
  if (version === undefined) {
    console.log("skipped: there is no nvcc on PATH; it comes with the CUDA toolkit");
    Deno.exit(0);
  }
  const sides = Deno.args.length > 0 ? Deno.args.map(Number) : SIDES;
  console.log(`Modelled by nvcc ${version} -arch=sm_90; no GPU was used\n`);
  console.log(
    "| side | kernel | threads | registers | spilled bytes | shared bytes | workgroups per SM | warps per SM |",
  );
  console.log("|---|---|---|---|---|---|---|---|");
  for (const side of sides) {
    const shaders = kernelsOfSide(side);
    const compiled = await compile(cudaSource(shaders));
    for (const [number, { label, workgroupSize: [x, y] }] of shaders.entries()) {
      const { registersPerThread, spilledBytes, sharedBytes } = compiled.get(`kernel${number}`)!;
      const threads = x * y;
      const workgroups = workgroupsPerMultiprocessor({ threads, registersPerThread, sharedBytes });
      const warps = workgroups * Math.ceil(threads / 32);
      const cells = [`${x} x ${y}`, registersPerThread, spilledBytes, sharedBytes, workgroups, warps];
      console.log(`| ${[side, label, ...cells].join(" | ")} |`);
    }
  }
}
