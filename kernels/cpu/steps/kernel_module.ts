/**
 * The WebAssembly module of a box: every kernel with all sizes and strides as constants.
 *
 * One iteration is `column_inverse, row_..., column_forward` on each plane and `depth_...` on each column of blocks along z,
 * twice. A kernel does one small piece of work, so that the engine's optimising compiler takes over after a few of them.
 */
import type { Complex, Rounding } from "../fft/arithmetic.ts";
import { emitForward, emitForwardInverse, emitInverse, ROW_BYTES, type Transform } from "../fft/fft_passes.ts";
import { MAX_PAGES, type MemoryLayout } from "../memory_layout.ts";
import { addRowKernels, type KernelOptions } from "./row_kernels.ts";
import { f32x4Mul, v128Load, v128Store } from "shared/wasm/wasm_code.ts";
import { WasmFunction, wasmModule } from "shared/wasm/wasm_module.ts";

/** The exports of the module, those of them that the acceleration uses. All parameters are addresses; `scratch` is the calling thread's own. */
export interface Kernels {
  /** Forward along y, in place: the column of blocks that starts at `column`. */
  column_forward(scratch: number, column: number): void;
  /** Inverse along y, in place. */
  column_inverse(scratch: number, column: number): void;
  /** Along z, in place: forward, times the OTF, inverse. */
  depth_convolve(scratch: number, column: number, transfer: number): void;
  /** Along z, in place: forward, times the conjugate of the OTF, inverse; the exact adjoint. */
  depth_correlate(scratch: number, column: number, transfer: number): void;
  /** Forward along z of a PSF, scaled and stored as OTF. */
  depth_transfer(scratch: number, column: number, transfer: number): void;
  /** Half spectra of a group of rows of an image. */
  row_forward: RowKernel;
  /** A group of rows of an image from half spectra. */
  row_inverse: RowKernel;
  /** Half spectra of `data / max(blurred, epsilon)` from those of the blurred estimate, in place; the image is the data. */
  row_ratio: RowKernel;
  /** As `row_ratio`; also stores the I-divergence, summed over the rows that are masked in and the measured x, in `sums`. */
  row_measure: RowKernel;
  /** As `row_measure`; also stores the I-divergence of the held-out photons. */
  row_measure_held_out: RowKernel;
  /** Multiplies the estimate by the correction, and extrapolates it (shb); half spectra of the result, in place. */
  row_update: RowKernel;
  /** Multiplies the estimate by the correction, nothing else. */
  row_finish: RowKernel;
  /** Extrapolates the estimate (biggs); half spectra of the result. */
  row_predict: RowKernel;
  /** Multiplies the extrapolated estimate by the correction (biggs); stores the sums that its momentum needs. */
  row_advance: RowKernel;
}

/**
 * A kernel for a group of eight rows: the addresses of their half spectra, voxels and sums, and of the minimum that each row
 * is extrapolated to. Measured are the x whose voxels lie from `measuredStart` to `measuredEnd`, in bytes from the first x.
 */
type RowKernel = (
  scratch: number,
  spectrum: number,
  image: number,
  sums: number,
  minPoints: number,
  measuredStart?: number,
  measuredEnd?: number,
) => void;

/** The binary module. Needs the memory that `layout` describes, with its tables filled in. */
export function kernelModule(layout: MemoryLayout, options: KernelOptions): Uint8Array<ArrayBuffer> {
  const functions = new Map<string, WasmFunction>();
  addColumnKernels(functions, layout, options.rounding);
  addDepthKernels(functions, layout, options.rounding);
  addRowKernels(functions, layout, options);
  const { shared = true } = options;
  return wasmModule({ minimum: layout.pages, maximum: MAX_PAGES, shared }, functions);
}

function transformOf(layout: MemoryLayout, axis: 0 | 1 | 2, into: WasmFunction, rounding: Rounding): Transform {
  const scratch = { base: into.parameter(0), pitch: ROW_BYTES };
  return { into, rounding, plan: layout.plans[axis], twiddleAddress: layout.twiddles[axis], scratch };
}

function addColumnKernels(functions: Map<string, WasmFunction>, layout: MemoryLayout, rounding: Rounding): void {
  for (const [name, emit] of [["column_forward", emitForward], ["column_inverse", emitInverse]] as const) {
    const into = new WasmFunction(2);
    const rows = { base: into.parameter(1), pitch: layout.rowPitch };
    emit(transformOf(layout, 1, into, rounding), rows, rows);
    functions.set(name, into);
  }
}

function addDepthKernels(functions: Map<string, WasmFunction>, layout: MemoryLayout, rounding: Rounding): void {
  for (const [name, conjugate] of [["depth_convolve", false], ["depth_correlate", true]] as const) {
    const into = new WasmFunction(3);
    const rows = { base: into.parameter(1), pitch: layout.planePitch };
    const transfer = { base: into.parameter(2), pitch: ROW_BYTES };
    emitForwardInverse(transformOf(layout, 0, into, rounding), rows, transfer, (point, operand, math) => {
      const factor: Complex = {
        re: into.vector(v128Load(operand.base, operand.offset)),
        im: into.vector(v128Load(operand.base, operand.offset + 16)),
      };
      return math.multiply(point, factor, conjugate);
    });
    functions.set(name, into);
  }
  functions.set("depth_transfer", transferKernel(layout, rounding));
}

/**
 * The OTF is stored with the factors that the other kernels leave out: each of the two unpackings on the way to it and to the
 * product doubles its values, and no inverse transform is scaled.
 */
function transferKernel(layout: MemoryLayout, rounding: Rounding): WasmFunction {
  const into = new WasmFunction(3);
  const transform = transformOf(layout, 0, into, rounding);
  const scale = 1 / (4 * layout.box[0] * layout.box[1] * layout.box[2]);
  emitForward(transform, { base: into.parameter(1), pitch: layout.planePitch }, transform.scratch);
  emitScaledCopy(into, transform, scale);
  return into;
}

function emitScaledCopy(into: WasmFunction, { plan, scratch }: Transform, scale: number): void {
  const source = into.integer(scratch.base);
  const target = into.integer(into.parameter(2));
  into.repeat(2 * plan.length, () => {
    const scaled = into.vector(f32x4Mul(v128Load(source.get, 0), into.constant(scale)));
    into.emit(v128Store(target.get, scaled, 0));
    source.advance(16);
    target.advance(16);
  });
}
