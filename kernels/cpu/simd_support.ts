/**
 * SIMD instructions that the WebAssembly engine takes.
 */
import type { Rounding } from "./fft/arithmetic.ts";
import { f32x4Const, f32x4FusedMultiplyAdd } from "shared/wasm/wasm_code.ts";
import { WasmFunction, wasmModule } from "shared/wasm/wasm_module.ts";

/**
 * `fused` where relaxed SIMD is there. On one machine its results are the same on every run; a machine without fused
 * multiply-add instructions rounds twice, which stays within the precision that is promised.
 */
export function simdRounding(): Rounding {
  const probe = new WasmFunction(0);
  const one = f32x4Const(1);
  probe.vector(f32x4FusedMultiplyAdd(one, one, one));
  return WebAssembly.validate(wasmModule({ minimum: 1, maximum: 1, shared: false }, new Map([["probe", probe]])))
    ? "fused"
    : "separate";
}
