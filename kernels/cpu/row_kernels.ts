/**
 * The kernels that turn half spectra of eight rows into voxels and back, with the Richardson-Lucy step between.
 */
import type { Complex } from "./arithmetic.ts";
import { type Address, emitForward, emitInverse, emitInverseForward, ROW_BYTES, type Transform } from "./fft_passes.ts";
import type { KernelOptions } from "./kernel_module.ts";
import type { ImageName, MemoryLayout } from "./memory_layout.ts";
import { emitPack, emitUnpack, type Exchange } from "./row_exchange.ts";
import { EPSILON_ADDRESS, MOMENTUM_ADDRESS } from "./shared_control.ts";
import {
  type Code,
  f32x4Add,
  f32x4Div,
  f32x4Max,
  f32x4Mul,
  f32x4Sub,
  i32Const,
  v128Load,
  v128LoadSplat,
  v128Store,
} from "./wasm_code.ts";
import { WasmFunction } from "./wasm_module.ts";

/** A row kernel under construction: parameters 0 scratch, 1 half spectra, 2 the group of rows of an image. */
interface RowKernel {
  readonly into: WasmFunction;
  readonly layout: MemoryLayout;
  readonly transform: Transform;
  readonly image: { readonly base: Code; readonly pitch: number };
}

/** Adds `row_forward`, `row_inverse`, `row_ratio`, `row_update` and `row_finish`. */
export function addRowKernels(
  functions: Map<string, WasmFunction>,
  layout: MemoryLayout,
  options: KernelOptions,
): void {
  const add = (name: string, emit: (kernel: RowKernel) => void) => {
    const into = new WasmFunction(3);
    const scratch = { base: into.parameter(0), pitch: ROW_BYTES };
    const plan = { plan: layout.plans[2], twiddleAddress: layout.twiddles[2] };
    const transform = { into, rounding: options.rounding, ...plan, scratch };
    emit({ into, layout, transform, image: { base: into.parameter(2), pitch: ROW_BYTES } });
    functions.set(name, into);
  };
  add("row_forward", ({ transform, image, ...kernel }) => {
    emitForward(transform, image, transform.scratch);
    emitUnpack(exchange({ transform, image, ...kernel }, "read"));
  });
  add("row_inverse", ({ transform, image, ...kernel }) => {
    emitPack(exchange({ transform, image, ...kernel }, "write"));
    emitInverse(transform, transform.scratch, image);
  });
  add("row_ratio", (kernel) => emitBetween(kernel, (blurred, data) => ratio(kernel, blurred, data)));
  const momentum = options.acceleration === "shb";
  add("row_update", (kernel) => emitBetween(kernel, (correction, at) => update(kernel, correction, at, momentum)));
  add("row_finish", (kernel) => {
    emitPack(exchange(kernel, "write"));
    emitInverse(kernel.transform, kernel.transform.scratch, kernel.transform.scratch);
    emitPointwise(kernel, (correction, at) => update(kernel, correction, at, false));
  });
}

function exchange({ into, layout, transform }: RowKernel, table: "read" | "write"): Exchange {
  return {
    into,
    nx: layout.box[2],
    spectrum: { base: into.parameter(1), pitch: layout.rowPitch },
    scratch: transform.scratch.base,
    tableAddress: table === "read" ? layout.readTable : layout.writeTable,
  };
}

/** Half spectra to voxels, `change`, voxels to half spectra. */
function emitBetween(kernel: RowKernel, change: (voxels: Complex, at: Address) => Complex): void {
  emitPack(exchange(kernel, "write"));
  emitInverseForward(kernel.transform, kernel.image, change);
  emitUnpack(exchange(kernel, "read"));
}

/** `change` on every x of the scratch rows and the image. */
function emitPointwise(kernel: RowKernel, change: (voxels: Complex, at: Address) => void): void {
  const { into, transform, image } = kernel;
  const source = into.integer(transform.scratch.base);
  const target = into.integer(image.base);
  into.repeat(transform.plan.length, () => {
    const voxels = { re: into.vector(v128Load(source.get, 0)), im: into.vector(v128Load(source.get, 16)) };
    change(voxels, { base: target.get, offset: 0 });
    source.advance(ROW_BYTES);
    target.advance(ROW_BYTES);
  });
}

/** `data / max(blurred, epsilon)`. */
function ratio({ into }: RowKernel, blurred: Complex, data: Address): Complex {
  const one = (part: Code, offset: number) => {
    const epsilon = v128LoadSplat(i32Const(0), EPSILON_ADDRESS);
    return into.vector(f32x4Div(v128Load(data.base, data.offset + offset), f32x4Max(part, epsilon)));
  };
  return { re: one(blurred.re, 0), im: one(blurred.im, 16) };
}

/**
 * `next = estimate * max(correction, 0) * weights` is stored as the estimate. With `momentum` it becomes the previous
 * estimate instead, and `max(0, next + momentum * (next - previous))` the estimate (scaled heavy ball).
 */
function update({ into, layout }: RowKernel, correction: Complex, at: Address, momentum: boolean): Complex {
  const beside = (name: ImageName) => layout.images[name]! - layout.images.estimate!;
  const zero = into.constant(0);
  const one = (part: Code, offset: number) => {
    const load = (distance: number) => into.vector(v128Load(at.base, at.offset + offset + distance));
    const store = (value: Code, distance: number) =>
      into.emit(v128Store(at.base, value, at.offset + offset + distance));
    let next = into.vector(f32x4Mul(load(0), f32x4Max(part, zero)));
    if (layout.images.weights !== undefined) next = into.vector(f32x4Mul(next, load(beside("weights"))));
    let estimate = next;
    if (momentum) {
      const step = f32x4Mul(f32x4Sub(next, load(beside("previous"))), v128LoadSplat(i32Const(0), MOMENTUM_ADDRESS));
      estimate = into.vector(f32x4Max(f32x4Add(next, step), zero));
      store(next, beside("previous"));
    }
    store(estimate, 0);
    return estimate;
  };
  return { re: one(correction.re, 0), im: one(correction.im, 16) };
}
