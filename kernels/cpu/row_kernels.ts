/**
 * The kernels that turn half spectra of eight rows into voxels and back, with the Richardson-Lucy step between.
 */
import { emitForward, emitInverse, emitInverseForward, ROW_BYTES, type Rows, type Transform } from "./fft_passes.ts";
import type { KernelOptions } from "./kernel_module.ts";
import type { MemoryLayout } from "./memory_layout.ts";
import { emitPack, emitUnpack, type Exchange } from "./row_exchange.ts";
import { ProductSum, RowSteps, type VoxelStep } from "./row_steps.ts";
import { v128Load, v128Store } from "./wasm_code.ts";
import { WasmFunction } from "./wasm_module.ts";

/** Parameters: scratch, half spectra, the group of rows of an image, the sums of the group. */
const PARAMETERS = 4;

/** Adds the row kernels that `options.acceleration` needs. */
export function addRowKernels(
  functions: Map<string, WasmFunction>,
  layout: MemoryLayout,
  options: KernelOptions,
): void {
  const add = (name: string, emit: (kernel: RowKernel) => void) => {
    const kernel = new RowKernel(layout, options);
    emit(kernel);
    functions.set(name, kernel.into);
  };
  add("row_forward", (kernel) => {
    emitForward(kernel.transform, kernel.image, kernel.scratch);
    kernel.unpack();
  });
  add("row_inverse", (kernel) => {
    kernel.pack();
    emitInverse(kernel.transform, kernel.scratch, kernel.image);
  });
  add("row_ratio", (kernel) => kernel.between(kernel.steps.ratio));
  if (options.acceleration === "biggs") {
    add("row_predict", addPredict);
    add("row_advance", addAdvance);
  } else {
    add("row_update", (kernel) => {
      const { update, updateWithMomentum } = kernel.steps;
      kernel.between(options.acceleration === "shb" ? updateWithMomentum : update);
    });
    add("row_finish", (kernel) => kernel.backward(kernel.steps.update));
  }
}

function addPredict(kernel: RowKernel): void {
  kernel.forEachVoxel(kernel.steps.predict, true);
  emitForward(kernel.transform, kernel.scratch, kernel.scratch);
  kernel.unpack();
}

function addAdvance(kernel: RowKernel): void {
  const sums = [new ProductSum(kernel.into), new ProductSum(kernel.into)] as const;
  kernel.backward(kernel.steps.advance(...sums));
  sums.forEach((sum, i) => sum.store({ base: kernel.into.parameter(3), offset: 16 * i }));
}

/** A row kernel under construction. */
class RowKernel {
  readonly into = new WasmFunction(PARAMETERS);
  readonly scratch: Rows = { base: this.into.parameter(0), pitch: ROW_BYTES };
  readonly image: Rows = { base: this.into.parameter(2), pitch: ROW_BYTES };
  readonly transform: Transform;
  readonly steps: RowSteps;
  readonly #layout: MemoryLayout;

  constructor(layout: MemoryLayout, { rounding }: KernelOptions) {
    const { into, scratch } = this;
    this.transform = { into, rounding, plan: layout.plans[2], twiddleAddress: layout.twiddles[2], scratch };
    this.steps = new RowSteps(into, layout);
    this.#layout = layout;
  }

  /** Half spectra to scratch rows. */
  pack(): void {
    emitPack(this.#exchange(this.#layout.writeTable));
  }

  /** Scratch rows to half spectra. */
  unpack(): void {
    emitUnpack(this.#exchange(this.#layout.readTable));
  }

  /** Half spectra to voxels, a step, voxels to half spectra. */
  between(step: VoxelStep): void {
    this.pack();
    emitInverseForward(this.transform, this.image, step);
    this.unpack();
  }

  /** Half spectra to voxels, a step. */
  backward(step: VoxelStep): void {
    this.pack();
    emitInverse(this.transform, this.scratch, this.scratch);
    this.forEachVoxel(step, false);
  }

  /** A step on every x of the scratch rows, which its result replaces if `keep`. */
  forEachVoxel(step: VoxelStep, keep: boolean): void {
    const source = this.into.integer(this.scratch.base);
    const image = this.into.integer(this.image.base);
    this.into.repeat(this.#layout.box[2], () => {
      const re = this.into.vector(v128Load(source.get, 0));
      const im = this.into.vector(v128Load(source.get, 16));
      const result = step({ re, im }, { base: image.get, offset: 0 });
      if (keep) {
        this.into.emit(v128Store(source.get, result.re, 0));
        this.into.emit(v128Store(source.get, result.im, 16));
      }
      source.advance(ROW_BYTES);
      image.advance(ROW_BYTES);
    });
  }

  #exchange(tableAddress: number): Exchange {
    return {
      into: this.into,
      nx: this.#layout.box[2],
      spectrum: { base: this.into.parameter(1), pitch: this.#layout.rowPitch },
      scratch: this.scratch.base,
      tableAddress,
    };
  }
}
