/**
 * The data against the model, four voxels at a time: the formulas of docs/algorithms.md.
 */
import type { StepOptions } from "kernels/deconvolver.ts";
import { EPSILON_ADDRESS } from "../threads/shared_control.ts";
import type { Code } from "shared/wasm/wasm_code.ts";
import {
  f32x4Abs,
  f32x4Add,
  f32x4Div,
  f32x4FromI32x4,
  f32x4GreaterOrEqual,
  f32x4Less,
  f32x4Max,
  f32x4Min,
  f32x4Mul,
  f32x4Sub,
  i32Const,
  i32x4Add,
  i32x4Const,
  i32x4ShiftRight,
  i32x4Sub,
  v128And,
  v128LoadSplat,
  v128Select,
} from "shared/wasm/wasm_code.ts";
import type { WasmFunction } from "shared/wasm/wasm_module.ts";

/** Data value of voxels that are not observed: negative where damping makes 0 ambiguous. */
export function unobservedValue({ nonCirculant, dampingSigmas = 0 }: StepOptions): number {
  return nonCirculant && dampingSigmas > 0 ? -1 : 0;
}

export class PhotonModel {
  readonly #into: WasmFunction;
  readonly #options: StepOptions;

  constructor(into: WasmFunction, options: StepOptions) {
    this.#into = into;
    this.#options = options;
  }

  /** `max(blurred + background, eps)`, but no more than data that are saturated. */
  model(blurred: Code, data: Code): Code {
    const { background = 0, saturation = Infinity } = this.#options;
    const bright = background === 0 ? blurred : f32x4Add(blurred, this.#into.constant(background));
    const model = this.#keep(f32x4Max(bright, v128LoadSplat(i32Const(0), EPSILON_ADDRESS)));
    if (saturation === Infinity) return model;
    const saturated = f32x4GreaterOrEqual(data, this.#into.constant(saturation));
    return this.#keep(v128Select(saturated, f32x4Min(model, data), model));
  }

  /** `data / model`, damped towards 1; 0 on voxels that are not observed. */
  ratio(data: Code, model: Code): Code {
    const { dampingSigmas: sigmas = 0 } = this.#options;
    if (sigmas === 0) return this.#keep(f32x4Div(data, model));
    const [zero, one] = [this.#into.constant(0), this.#into.constant(1)];
    const difference = this.#keep(f32x4Sub(f32x4Div(data, model), one));
    const gate = f32x4Mul(this.divergence(data, model), this.#into.constant(2 / sigmas ** 2));
    const damped = f32x4Add(one, f32x4Mul(this.#gain(this.#keep(f32x4Min(gate, one))), difference));
    return this.#keep(v128And(f32x4GreaterOrEqual(data, zero), damped));
  }

  /** One voxel's I-divergence `d ln(d / m) - d + m`, by its series where the terms would cancel. */
  divergence(data: Code, model: Code): Code {
    const ratio = this.#keep(f32x4Div(data, model));
    const q = this.#keep(f32x4Sub(ratio, this.#into.constant(1)));
    const series = [1 / 30, -1 / 20, 1 / 12, -1 / 6, 1 / 2].reduce<Code>(
      (sum, coefficient) => this.#keep(f32x4Add(f32x4Mul(sum, q), this.#into.constant(coefficient))),
      this.#into.constant(0),
    );
    const near = f32x4Mul(model, f32x4Mul(f32x4Mul(q, q), series));
    const far = f32x4Add(f32x4Mul(data, this.#logarithm(ratio)), f32x4Sub(model, data));
    return this.#keep(v128Select(f32x4Less(f32x4Abs(q), this.#into.constant(0.1)), near, far));
  }

  /** `U^9 (10 - 9 U)`. */
  #gain(u: Code): Code {
    const square = this.#keep(f32x4Mul(u, u));
    const fourth = this.#keep(f32x4Mul(square, square));
    const ninth = f32x4Mul(f32x4Mul(fourth, fourth), u);
    const line = f32x4Sub(this.#into.constant(10), f32x4Mul(u, this.#into.constant(9)));
    return this.#keep(f32x4Mul(ninth, line));
  }

  /**
   * Natural logarithm of numbers >= 0, to 1e-7 (that of 0 is some negative number, so that `0 ln 0` is 0). As in FreeBSD's
   * logf: x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), s = f / (2 + f), and a polynomial in s^2.
   */
  #logarithm(x: Code): Code {
    const sqrtHalf = i32x4Const(0x3f3504f3);
    const shifted = this.#keep(i32x4Sub(x, sqrtHalf));
    const k = this.#keep(f32x4FromI32x4(i32x4ShiftRight(shifted, 23)));
    const reduced = i32x4Add(v128And(shifted, i32x4Const(0x7fffff)), sqrtHalf);
    const f = this.#keep(f32x4Sub(reduced, this.#into.constant(1)));
    const s = this.#keep(f32x4Div(f, f32x4Add(f, this.#into.constant(2))));
    const z = this.#keep(f32x4Mul(s, s));
    const polynomial = [0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693].reduce<Code>(
      (sum, coefficient) => this.#keep(f32x4Mul(f32x4Add(sum, this.#into.constant(coefficient)), z)),
      this.#into.constant(0),
    );
    const halfSquare = this.#keep(f32x4Mul(f32x4Mul(f, f), this.#into.constant(0.5)));
    const tail = f32x4Sub(f32x4Mul(s, f32x4Add(halfSquare, polynomial)), halfSquare);
    return this.#keep(f32x4Add(f32x4Add(tail, f), f32x4Mul(k, this.#into.constant(Math.LN2))));
  }

  #keep(value: Code): Code {
    return this.#into.vector(value);
  }
}
