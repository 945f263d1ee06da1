/**
 * The kernels that turn half spectra of eight rows into voxels and back, with the Richardson-Lucy step between.
 */
import type { StepOptions } from "kernels/deconvolver.ts";
import type { Complex, Rounding } from "../fft/arithmetic.ts";
import {
  type Address,
  emitForward,
  emitInverse,
  emitInverseForward,
  ROW_BYTES,
  type Rows,
  type Transform,
} from "../fft/fft_passes.ts";
import type { MemoryLayout } from "../memory_layout.ts";
import { emitPack, emitUnpack, type Exchange, rowMaskOffset } from "./row_exchange.ts";
import { LaneSum, RowSteps, type VoxelStep } from "./row_steps.ts";
import { type Code, i32Add, i32NotEqual, v128Load, v128Store } from "shared/wasm/wasm_code.ts";
import { WasmFunction } from "shared/wasm/wasm_module.ts";

/** Options of the kernels besides the layout. */
export interface KernelOptions extends StepOptions {
  readonly rounding: Rounding;
  /** False for a memory of one thread alone. @default {true} */
  readonly shared?: boolean;
}

/** Scratch, half spectra, the group of rows of an image, its sums, its least points; then the measured x as byte offsets. */
const PARAMETERS = 7;
const [SUMS, MIN_POINTS, MEASURED_START, MEASURED_END] = [3, 4, 5, 6];

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
  add("row_measure", (kernel) => addMeasure(kernel, false));
  add("row_measure_held_out", (kernel) => addMeasure(kernel, true));
  if (options.acceleration === "biggs") {
    add("row_predict", addPredict);
    add("row_advance", addAdvance);
  } else {
    add("row_update", (kernel) => {
      const { update, updateWithMomentum } = kernel.steps;
      kernel.between(options.acceleration === "shb" ? updateWithMomentum(kernel.into.parameter(MIN_POINTS)) : update);
    });
    add("row_finish", (kernel) => kernel.backward(kernel.steps.update));
  }
}

/** The ratio, not fused with its transforms: sums want the x in order. */
function addMeasure(kernel: RowKernel, withHeldOut: boolean): void {
  const { into, steps, scratch } = kernel;
  const fit = new LaneSum(into);
  const sums = withHeldOut ? { fit, heldOut: new LaneSum(into) } : { fit };
  kernel.pack();
  emitInverse(kernel.transform, scratch, scratch);
  kernel.forEachMeasured(steps.measure(kernel.rowMask, sums));
  fit.store({ base: into.parameter(SUMS), offset: 0 });
  (sums.heldOut ?? fit).store({ base: into.parameter(SUMS), offset: 16 });
  kernel.forEachVoxel(steps.ratio, true);
  emitForward(kernel.transform, scratch, scratch);
  kernel.unpack();
}

function addPredict(kernel: RowKernel): void {
  kernel.forEachVoxel(kernel.steps.predict(kernel.into.parameter(MIN_POINTS)), true);
  emitForward(kernel.transform, kernel.scratch, kernel.scratch);
  kernel.unpack();
}

function addAdvance(kernel: RowKernel): void {
  const sums = [new LaneSum(kernel.into), new LaneSum(kernel.into)] as const;
  kernel.backward(kernel.steps.advance(...sums));
  sums.forEach((sum, i) => sum.store({ base: kernel.into.parameter(SUMS), offset: 16 * i }));
}

/** A row kernel under construction. */
class RowKernel {
  readonly into = new WasmFunction(PARAMETERS);
  readonly scratch: Rows = { base: this.into.parameter(0), pitch: ROW_BYTES };
  readonly image: Rows = { base: this.into.parameter(2), pitch: ROW_BYTES };
  readonly transform: Transform;
  readonly steps: RowSteps;
  readonly #layout: MemoryLayout;

  constructor(layout: MemoryLayout, options: KernelOptions) {
    const { into, scratch } = this;
    const { rounding } = options;
    this.transform = { into, rounding, plan: layout.plans[2], twiddleAddress: layout.twiddles[2], scratch };
    this.steps = new RowSteps(into, layout, options);
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
    const [source, image] = [this.into.integer(this.scratch.base), this.into.integer(this.image.base)];
    this.into.repeat(this.#layout.box[2], () => {
      const result = step(this.#voxels(source.get), { base: image.get, offset: 0 });
      if (keep) {
        this.into.emit(v128Store(source.get, result.re, 0));
        this.into.emit(v128Store(source.get, result.im, 16));
      }
      source.advance(ROW_BYTES);
      image.advance(ROW_BYTES);
    });
  }

  /** A step on the x of the scratch rows that are measured (at least one), changing none. */
  forEachMeasured(step: VoxelStep): void {
    const [start, end] = [MEASURED_START, MEASURED_END].map((index) => this.into.parameter(index));
    const source = this.into.integer(i32Add(this.scratch.base, start));
    const image = this.into.integer(i32Add(this.image.base, start));
    this.into.repeatWhile(() => {
      step(this.#voxels(source.get), { base: image.get, offset: 0 });
      source.advance(ROW_BYTES);
      image.advance(ROW_BYTES);
      return i32NotEqual(source.get, i32Add(this.scratch.base, end));
    });
  }

  /** Address where the caller has put the masks of the rows that are measured. */
  get rowMask(): Address {
    return { base: this.scratch.base, offset: rowMaskOffset(this.#layout.box[2]) };
  }

  #voxels(address: Code): Complex {
    return { re: this.into.vector(v128Load(address, 0)), im: this.into.vector(v128Load(address, 16)) };
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
