import { assert, assertEquals, assertThrows } from "@std/assert";
import { paddedLength } from "kernels/webgpu/fft/padding.ts";
import { columnShape, rowShape } from "kernels/webgpu/fft/workgroups.ts";
import { boxLayout } from "kernels/webgpu/program/layout.ts";
import { cappedLimits, DEFAULT_LIMITS, platformCaps } from "kernels/webgpu/device/limits.ts";
import type { Pass } from "kernels/webgpu/program/pass.ts";
import { radixPlan, registersPerLane } from "kernels/webgpu/fft/radices.ts";
import { type Program, programOptions, rlProgram } from "kernels/webgpu/program/rl_program.ts";
import { slabsOf } from "kernels/webgpu/program/slabs.ts";
import { cachedTraffic, passTraffic } from "kernels/webgpu/program/traffic.ts";
import { ClearstackError } from "shared/errors.ts";
import { fastSide } from "shared/plan/fast_size.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { LARGE_GPU } from "../../../infra/bench/gpu/traffic.ts";

const SMOOTH_LENGTHS = Array.from({ length: 2048 }, (_, i) => i + 1).filter((n) => n >= 8 && fastSide(n, 0) === n);

const BOXES: Vec3[] = [[8, 8, 8], [1, 8, 8], [9, 25, 14], [1, 343, 50], [48, 100, 216], [128, 625, 1000], [
  320,
  640,
  640,
]];

const EVERYTHING = programOptions({
  acceleration: "biggs",
  nonCirculant: true,
  totalVariation: 0.01,
  dampingSigmas: 3,
  backProjector: "wiener-butterworth",
});

function passesOf({ otf, backOtf, weights, start, iteration, measuring }: Program): Pass[] {
  return [...otf, ...backOtf, ...weights, ...start, ...iteration, ...measuring.data, ...measuring["data and held-out"]]
    .flat();
}

Deno.test("every smooth length has a radix plan with few passes and few registers", () => {
  for (const length of SMOOTH_LENGTHS) {
    const plan = radixPlan(length, { maxLanes: 128 });
    assertEquals(plan.radices.reduce((a, b) => a * b, 1), length);
    assert(plan.lanes <= 128 && plan.radices.length <= 5, `${length}: ${plan.radices}`);
    assert(registersPerLane(plan) <= 32, `${length} = ${plan.radices}: ${registersPerLane(plan)} registers`);
  }
});

Deno.test("rows of every even smooth length end in an even radix, which their unpacking counts on", () => {
  for (const length of SMOOTH_LENGTHS.filter((n) => n % 2 === 0)) {
    assertEquals(radixPlan(length, { lastEven: true }).radices.at(-1)! % 2, 0);
  }
});

Deno.test("kernels keep to the limits of the smallest and of a large device", () => {
  for (const limits of [DEFAULT_LIMITS, LARGE_GPU]) {
    for (const box of [...BOXES, [1, 2048, 2048], [1024, 8, 1024], [8, 1024, 8]] as Vec3[]) {
      if (4 * voxelCount(box) > 2 * limits.maxStorageBufferBindingSize) continue;
      const program = rlProgram(box, EVERYTHING, limits);
      for (const { shader, grid, resources } of passesOf(program)) {
        const [x, y] = shader.workgroupSize;
        const name = `${shader.label} of ${box}`;
        assert(
          shader.sharedBytes <= limits.maxComputeWorkgroupStorageSize,
          `${name}: ${shader.sharedBytes} bytes shared`,
        );
        assert(x * y <= limits.maxComputeInvocationsPerWorkgroup, `${name}: ${x} x ${y} invocations`);
        assert(x <= limits.maxComputeWorkgroupSizeX && y <= limits.maxComputeWorkgroupSizeY, name);
        assert(Math.max(...grid) <= limits.maxComputeWorkgroupsPerDimension, `${name}: grid ${grid}`);
        const storage = shader.bindings.filter(({ access }) => access !== "uniform");
        assert(storage.length <= limits.maxStorageBuffersPerShaderStage, name);
        assert(resources.every(({ bytes }) => bytes <= limits.maxStorageBufferBindingSize), name);
        assert(resources.every(({ offset }) => offset % limits.minStorageBufferOffsetAlignment === 0), name);
      }
    }
  }
});

Deno.test("workgroups of every smooth length leave room for a second one on a multiprocessor, and read whole sectors", () => {
  const mac = cappedLimits(LARGE_GPU, platformCaps("MacIntel"));
  for (const limits of [LARGE_GPU, mac]) {
    for (const length of SMOOTH_LENGTHS) {
      const { plan: { lanes }, columns, split, padding } = columnShape(length, 256, 1, limits);
      // Up to 1,024 four columns, a sector, fit 256 invocations; beyond they take 512, or fewer columns where those are too many.
      const most = length <= 1024 ? 256 : limits === mac ? 256 : 512;
      assert(columns * lanes <= most, `${length}: ${columns} x ${lanes} invocations`);
      if (length <= 1024 || limits !== mac) assert(columns % 4 === 0, `${length}: ${columns} columns`);
      const bytes = (split ? 4 : 8) * columns * paddedLength(length, padding);
      // A multiprocessor of compute capability 9.0 has 228 KiB, and 1 KiB of each workgroup is the system's.
      assert(2 * (bytes + 1024) <= 228 * 1024, `${length}: ${bytes} bytes`);
      if (length % 2 !== 0) continue;
      const rows = rowShape(length, 128, limits);
      assert(rows.plan.lanes * rows.pairs <= 128, `${length}: ${rows.plan.lanes} x ${rows.pairs} invocations`);
    }
  }
});

Deno.test("what a pass binds lies within the buffers of its program", () => {
  for (const box of BOXES) {
    for (const acceleration of ["none", "shb", "biggs"] as const) {
      const program = rlProgram(box, { ...EVERYTHING, acceleration }, LARGE_GPU);
      const sizes = new Map([...program.buffers, ...program.heldOutBuffers].map(({ name, bytes }) => [name, bytes]));
      assertEquals(sizes.size, program.buffers.length + program.heldOutBuffers.length);
      for (const { buffer, offset, bytes } of passesOf(program).flatMap((pass) => pass.resources)) {
        assert(offset + bytes <= sizes.get(buffer)!, `${buffer} from ${offset}, ${bytes} bytes`);
      }
    }
  }
});

Deno.test("an iteration moves 84 bytes per voxel beside its tables and column 0", () => {
  for (const box of [[64, 64, 64], [100, 216, 432], [512, 512, 512]] as Vec3[]) {
    const program = rlProgram(box, programOptions({}), LARGE_GPU);
    const moved = program.iteration.flat().flatMap(({ shader, resources }) =>
      resources.map((resource, i) => ({
        ...resource,
        name: shader.bindings[i].name,
        packed: shader.label.endsWith("packed"),
      }))
    );
    const large = moved.filter(({ name, packed }) => !packed && ["spectrum", "otf", "estimate", "data"].includes(name));
    const bytes = (resources: typeof moved) => resources.reduce((sum, { read, written }) => sum + read + written, 0);
    assertEquals(bytes(large) / voxelCount(box), 84);
    // Column 0 is read again with its OTF, and written, in two passes: 2 * 8 * 4 bytes of the nx voxels of a row.
    const allowance = 64 / box[2] + 0.02;
    assert(bytes(moved) / voxelCount(box) <= 84 + allowance);
  }
});

Deno.test("an iteration moves 52 bytes per voxel where slabs fit the cache", () => {
  for (const [box, slabPlanes] of [[[256, 256, 256], 32], [[512, 512, 512], 8], [[100, 216, 432], 16]] as const) {
    const { iteration } = rlProgram(box, programOptions({}), LARGE_GPU, { slabPlanes });
    const bytes = cachedTraffic(iteration, 32 * 2 ** 20) / voxelCount(box);
    // Column 0 as above; tables once per slab: three of 8 bytes per voxel of a line, which many planes share.
    assert(bytes >= 52 && bytes <= 52 + 64 / box[2] + 0.02, `${box}: ${bytes}`);
    assert(passTraffic(iteration) > 84 * voxelCount(box));
  }
});

Deno.test("slabs cover every plane once and begin where bindings may", () => {
  for (
    const [box, wanted, alignment] of [[[10, 9, 14], 3, 256], [[16, 16, 16], 5, 32], [[7, 15, 10], 2, 256]] as const
  ) {
    const limits = { ...LARGE_GPU, minStorageBufferOffsetAlignment: alignment };
    const layout = boxLayout(box, limits);
    const slabs = slabsOf(layout, limits, { wantedPlanes: wanted, bytesPerVoxel: 4 });
    let next = 0;
    for (const { firstPlane, planeOfBox, planes } of slabs) {
      assertEquals([firstPlane, planeOfBox], [next, next]);
      assertEquals((firstPlane * box[1] * box[2] * 4) % alignment, 0);
      next += planes;
    }
    assertEquals(next, box[0]);
  }
});

Deno.test("a box is cut into as few equal parts as the binding limit asks for", () => {
  const limits = cappedLimits(LARGE_GPU, { maxStorageBufferBindingSize: 4 * 16 ** 3 / 3 });
  const { parts, planesPerPart, partBytes } = boxLayout([16, 16, 16], limits);
  assertEquals([parts, planesPerPart, partBytes], [4, 4, 4096]);
  assertEquals(boxLayout([1024, 1024, 1024], LARGE_GPU).parts, 4);
  assertEquals(boxLayout([512, 512, 512], LARGE_GPU).parts, 1);
});

Deno.test("a box that cannot be cut small enough is refused with its size", () => {
  const limits = cappedLimits(LARGE_GPU, { maxStorageBufferBindingSize: 1000 });
  const error = assertThrows(() => boxLayout([7 * 8, 16, 16], limits), ClearstackError);
  assertEquals(error.kind, "over-budget");
  assert(error.message.includes("56,16,16") && error.message.includes("57344 bytes"), error.message);
});
