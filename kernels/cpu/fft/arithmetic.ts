/**
 * Arithmetic on SIMD registers for the transforms: complex numbers with real and imaginary parts in registers of their own,
 * so that four independent transforms run side by side, one per lane.
 */
import type { Code } from "shared/wasm/wasm_code.ts";
import {
  f32x4Add,
  f32x4FusedMultiplyAdd,
  f32x4FusedNegativeMultiplyAdd,
  f32x4Mul,
  f32x4Neg,
  f32x4Sub,
} from "shared/wasm/wasm_code.ts";
import type { WasmFunction } from "shared/wasm/wasm_module.ts";

/** Four complex numbers. */
export interface Complex {
  readonly re: Code;
  readonly im: Code;
}

/** -1 for the forward transform (negative exponent), +1 for the inverse. */
export type Direction = -1 | 1;

/** Rounding of products: `fused` where the engine has `f32x4.relaxed_madd`, else before they are added. */
export type Rounding = "fused" | "separate";

/** Emits arithmetic into one function; every result is kept in a local. */
export class Arithmetic {
  readonly #into: WasmFunction;
  readonly #fused: boolean;

  constructor(into: WasmFunction, rounding: Rounding) {
    this.#into = into;
    this.#fused = rounding === "fused";
  }

  add(a: Complex, b: Complex): Complex {
    return this.#pair(f32x4Add(a.re, b.re), f32x4Add(a.im, b.im));
  }

  subtract(a: Complex, b: Complex): Complex {
    return this.#pair(f32x4Sub(a.re, b.re), f32x4Sub(a.im, b.im));
  }

  scale(a: Complex, factor: number): Complex {
    const c = this.#into.constant(factor);
    return this.#pair(f32x4Mul(a.re, c), f32x4Mul(a.im, c));
  }

  /** `a + factor * b`. */
  addScaled(a: Complex, b: Complex, factor: number): Complex {
    const c = this.#into.constant(factor);
    return this.#pair(this.#multiplyAdd(c, b.re, a.re), this.#multiplyAdd(c, b.im, a.im));
  }

  /** `[a + i * factor * b, a - i * factor * b]`. */
  addSubtractImaginary(a: Complex, b: Complex, factor: number): [Complex, Complex] {
    const plus = (x: Code, y: Code) => factor === 1 ? f32x4Add(x, y) : this.#multiplyAdd(this.#constant(factor), y, x);
    const minus = (x: Code, y: Code) =>
      factor === 1 ? f32x4Sub(x, y) : this.#negativeMultiplyAdd(this.#constant(factor), y, x);
    return [
      this.#pair(minus(a.re, b.im), plus(a.im, b.re)),
      this.#pair(plus(a.re, b.im), minus(a.im, b.re)),
    ];
  }

  /** `a * w`, or `a * conj(w)` if `conjugate`. */
  multiply(a: Complex, w: Complex, conjugate = false): Complex {
    const re = this.#into.vector(f32x4Mul(a.re, w.re));
    const im = this.#into.vector(f32x4Mul(a.im, w.re));
    return conjugate
      ? this.#pair(this.#multiplyAdd(a.im, w.im, re), this.#negativeMultiplyAdd(a.re, w.im, im))
      : this.#pair(this.#negativeMultiplyAdd(a.im, w.im, re), this.#multiplyAdd(a.re, w.im, im));
  }

  /** `a * exp(direction * 2 pi i * numerator / denominator)`; turns by quarters and eighths cost less. */
  rotate(a: Complex, numerator: number, denominator: number, direction: Direction): Complex {
    const eighths = (8 * direction * numerator) / denominator;
    const turn = ((eighths % 8) + 8) % 8;
    if (turn === 0) return a;
    if (turn === 2) return { re: this.#into.vector(f32x4Neg(a.im)), im: a.re };
    if (turn === 4) return this.#pair(f32x4Neg(a.re), f32x4Neg(a.im));
    if (turn === 6) return { re: a.im, im: this.#into.vector(f32x4Neg(a.re)) };
    if (turn % 2 === 1) return this.#rotateOddEighths(a, turn);
    const angle = (Math.PI / 4) * turn;
    return this.multiply(a, { re: this.#constant(Math.cos(angle)), im: this.#constant(Math.sin(angle)) });
  }

  #rotateOddEighths(a: Complex, turn: number): Complex {
    const sum = f32x4Add(a.re, a.im);
    const difference = turn === 1 || turn === 5 ? f32x4Sub(a.re, a.im) : f32x4Sub(a.im, a.re);
    const c = this.#constant(turn < 4 ? Math.SQRT1_2 : -Math.SQRT1_2);
    // exp(i pi/4): (re - im, re + im) / sqrt 2; exp(3 i pi/4): (-re - im, re - im) / sqrt 2; the others are their negatives.
    if (turn === 1 || turn === 5) return this.#pair(f32x4Mul(difference, c), f32x4Mul(sum, c));
    const negative = this.#constant(turn < 4 ? -Math.SQRT1_2 : Math.SQRT1_2);
    return this.#pair(f32x4Mul(sum, negative), f32x4Mul(difference, negative));
  }

  #constant(value: number): Code {
    return this.#into.constant(value);
  }

  #pair(re: Code, im: Code): Complex {
    return { re: this.#into.vector(re), im: this.#into.vector(im) };
  }

  #multiplyAdd(a: Code, b: Code, c: Code): Code {
    return this.#fused ? f32x4FusedMultiplyAdd(a, b, c) : f32x4Add(c, f32x4Mul(a, b));
  }

  #negativeMultiplyAdd(a: Code, b: Code, c: Code): Code {
    return this.#fused ? f32x4FusedNegativeMultiplyAdd(a, b, c) : f32x4Sub(c, f32x4Mul(a, b));
  }
}
