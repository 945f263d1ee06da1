/**
 * The kernels of a box without Workers, for checking them one by one.
 */
import { twiddleTable } from "kernels/cpu/fft/fft_plan.ts";
import { kernelModule, type Kernels } from "kernels/cpu/steps/kernel_module.ts";
import type { KernelOptions } from "kernels/cpu/steps/row_kernels.ts";
import { MAX_PAGES, type MemoryLayout, memoryLayout } from "kernels/cpu/memory_layout.ts";
import { exchangeTables } from "kernels/cpu/steps/row_exchange.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

/** Kernels over a memory whose tables are filled in. */
export interface Harness {
  readonly kernels: Kernels;
  readonly layout: MemoryLayout;
  /** `count` float32 values from `address` on. */
  floats(address: number, count: number): Float32Array<ArrayBufferLike>;
}

export function kernelHarness(box: Vec3, options: Partial<KernelOptions> = {}): Harness {
  const layout = memoryLayout(box, { threads: 1 });
  const memory = new WebAssembly.Memory({ initial: layout.pages, maximum: MAX_PAGES, shared: true });
  const floats = (address: number, count: number) => new Float32Array(memory.buffer, address, count);
  layout.plans.forEach((plan, axis) => {
    const table = twiddleTable(plan);
    floats(layout.twiddles[axis], table.length).set(table);
  });
  const { write, read } = exchangeTables(layout.plans[2]);
  new Int32Array(memory.buffer, layout.writeTable, write.length).set(write);
  new Int32Array(memory.buffer, layout.readTable, read.length).set(read);
  const bytes = kernelModule(layout, { rounding: "fused", ...options });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return { kernels: instance.exports as unknown as Kernels, layout, floats };
}

/** Reproducible numbers between -1 and 1 (a linear congruential generator). */
export function noise(count: number, seed = 1): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  });
}
