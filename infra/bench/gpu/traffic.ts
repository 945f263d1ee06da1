/**
 * `deno run infra/bench/gpu/traffic.ts [SIDE]`: prints the bytes that an iteration moves through device memory per voxel, counted
 * from its passes, for every way to keep data and OTF, and its floating-point operations for a few boxes. Nothing is run.
 */
import { DEFAULT_LIMITS, type GpuLimits } from "kernels/webgpu/device/limits.ts";
import { iterationOperations, type Operations } from "kernels/webgpu/program/operations.ts";
import { type MethodOptions, programOptions, rlProgram } from "kernels/webgpu/program/rl_program.ts";
import { cachedTraffic, passTraffic } from "kernels/webgpu/program/traffic.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";

/** One way to keep data and OTF. */
interface TrafficRow {
  readonly name: string;
  /** Bytes per voxel and iteration with nothing in the cache, and with slabs that fit it. */
  readonly wholeBox: number;
  readonly slabs: number;
}

const WAYS: readonly (readonly [string, MethodOptions])[] = [
  ["float32 data, complex float32 OTF", {}],
  ["real OTF", { symmetricPsf: true }],
  ["float16 OTF", { otfPrecision: "float16" }],
  ["real float16 OTF", { symmetricPsf: true, otfPrecision: "float16" }],
  ["uint16 data", { dataType: "uint16" }],
  ["uint16 data, real OTF", { dataType: "uint16", symmetricPsf: true }],
  ["uint16 data, float16 OTF", { dataType: "uint16", otfPrecision: "float16" }],
  ["uint16 data, real float16 OTF", { dataType: "uint16", symmetricPsf: true, otfPrecision: "float16" }],
];

/** Memory bandwidth that data-centre GPUs offer through Vulkan. */
export const LARGE_GPU: GpuLimits = {
  ...DEFAULT_LIMITS,
  maxBufferSize: 2 ** 31 - 1,
  maxStorageBufferBindingSize: 2 ** 31 - 1,
  maxStorageBuffersPerShaderStage: 32,
  maxComputeWorkgroupStorageSize: 48 * 1024,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
};

/** A cache; slabs of a quarter of its bytes fit it together with the data or the estimate, which go through it as well. */
const CACHE_BYTES = 48 * 2 ** 20;

/** Counts every way for a box. */
export function trafficTable(box: Vec3): TrafficRow[] {
  const slabPlanes = Math.max(1, Math.floor(CACHE_BYTES / (4 * 4 * box[1] * box[2])));
  return WAYS.map(([name, options]) => {
    const iteration = (tuning: { slabPlanes?: number }) =>
      rlProgram(box, programOptions(options), LARGE_GPU, tuning).iteration;
    return {
      name,
      wholeBox: passTraffic(iteration({})) / voxelCount(box),
      slabs: cachedTraffic(iteration({ slabPlanes }), CACHE_BYTES) / voxelCount(box),
    };
  });
}

/** Operations of a box, and what Cooley and Tukey's radix 2 takes for the four transforms of real volumes alone. */
interface OperationRow extends Operations {
  readonly box: Vec3;
  readonly classic: number;
}

/** Counts the operations per voxel and iteration of boxes, with a complex OTF. */
function operationTable(boxes: readonly Vec3[]): OperationRow[] {
  const { otf } = programOptions({});
  return boxes.map((box) => ({
    box,
    ...iterationOperations(box, otf, LARGE_GPU),
    classic: 4 * 2.5 * Math.log2(voxelCount(box)),
  }));
}

if (import.meta.main) {
  const side = Number(Deno.args[0] ?? 512);
  console.log(`Bytes per voxel and iteration, ${side}^3 voxels\n`);
  console.log("| what is kept | whole box | slabs in the cache |\n|---|---|---|");
  for (const { name, wholeBox, slabs } of trafficTable([side, side, side])) {
    console.log(`| ${name} | ${wholeBox.toFixed(1)} | ${slabs.toFixed(1)} |`);
  }
  console.log("\nFloating-point operations per voxel and iteration, float32 data, complex OTF\n");
  console.log("| box | transforms | packing | OTF | ratio, update | sum | four classic transforms |");
  console.log("|---|---|---|---|---|---|---|");
  const others: Vec3[] = [[256, 256, 256], [320, 640, 640], [432, 432, 432], [384, 768, 768]];
  for (const { box, classic, ...counted } of operationTable([[side, side, side], ...others])) {
    const counts = [counted.transforms, counted.packing, counted.products, counted.pointwise];
    const sum = counts.reduce((total, count) => total + count, 0);
    console.log(`| ${[box.join(" x "), ...[...counts, sum, classic].map((count) => count.toFixed(1))].join(" | ")} |`);
  }
}
