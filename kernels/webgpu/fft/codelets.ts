/**
 * Discrete Fourier transforms of a few complex numbers held in registers, unrolled, as WGSL statements.
 *
 * Values are names of `vec2f` (real, imaginary). `sign` -1 is the forward transform `sum x[i] exp(-2 pi sqrt(-1) i k / n)`,
 * +1 the inverse; neither is scaled.
 */
import { COMPOSED } from "kernels/radices.ts";
import { float, type Wgsl } from "../wgsl/wgsl.ts";

/** Direction of a transform: the sign of its exponent. */
export type Sign = 1 | -1;

/** Factors of a radix without its own formula; the twiddles of four rows are free, else rows are the smaller factor. */
export function composition(n: number): readonly [columns: number, rows: number] | undefined {
  const [small, large] = COMPOSED[n] ?? [];
  return small === undefined || large === undefined ? undefined : large === 4 ? [small, large] : [large, small];
}

/** Transforms `inputs`, one of RADICES, and returns the names of the outputs in natural order. */
export function dft(w: Wgsl, inputs: readonly string[], sign: Sign): string[] {
  switch (inputs.length) {
    case 1:
      return [...inputs];
    case 2:
      return [w.let(`${inputs[0]} + ${inputs[1]}`), w.let(`${inputs[0]} - ${inputs[1]}`)];
    case 4:
      return dft4(w, inputs, sign);
    case 3:
    case 5:
    case 7:
      return oddDft(w, inputs, sign);
    default:
      return composedDft(w, inputs, sign);
  }
}

function dft4(w: Wgsl, [a, b, c, d]: readonly string[], sign: Sign): string[] {
  const [even, odd] = [w.let(`${a} + ${c}`), w.let(`${b} + ${d}`)];
  const evenDifference = w.let(`${a} - ${c}`);
  const turned = timesI(w, w.let(`${b} - ${d}`), sign);
  return [
    w.let(`${even} + ${odd}`),
    w.let(`${evenDifference} + ${turned}`),
    w.let(`${even} - ${odd}`),
    w.let(`${evenDifference} - ${turned}`),
  ];
}

/** Odd primes: inputs i and n - i enter as sum and difference, which halves the multiplications. */
function oddDft(w: Wgsl, inputs: readonly string[], sign: Sign): string[] {
  const n = inputs.length;
  const half = Array.from({ length: (n - 1) / 2 }, (_, i) => i + 1);
  const sums = half.map((i) => w.let(`${inputs[i]} + ${inputs[n - i]}`));
  const differences = half.map((i) => w.let(`${inputs[i]} - ${inputs[n - i]}`));
  const outputs = [w.let([inputs[0], ...sums].join(" + "))];
  for (const k of half) {
    const angle = (i: number) => (2 * Math.PI * i * k) / n;
    const cosines = sums.map((sum, i) => `${sum} * ${float(Math.cos(angle(i + 1)))}`);
    const sines = differences.map((difference, i) => `${difference} * ${float(Math.sin(angle(i + 1)))}`);
    const symmetric = w.let([inputs[0], ...cosines].join(" + "));
    const turned = timesI(w, w.let(sines.join(" + ")), sign);
    outputs[k] = w.let(`${symmetric} + ${turned}`);
    outputs[n - k] = w.let(`${symmetric} - ${turned}`);
  }
  return outputs;
}

/** Cooley and Tukey: `n = rows * i1 + i2`, `k = k1 + columns * k2`. */
function composedDft(w: Wgsl, inputs: readonly string[], sign: Sign): string[] {
  const n = inputs.length;
  const [columns, rows] = composition(n)!;
  const inner = Array.from({ length: rows }, (_, i2) => {
    const column = dft(w, Array.from({ length: columns }, (_, i1) => inputs[rows * i1 + i2]), sign);
    return column.map((value, k1) => turn(w, value, (sign * i2 * k1) / n));
  });
  const outputs: string[] = [];
  for (let k1 = 0; k1 < columns; k1++) {
    dft(w, inner.map((column) => column[k1]), sign).forEach((value, k2) => outputs[k1 + columns * k2] = value);
  }
  return outputs;
}

/** True if multiplying by `exp(2 pi sqrt(-1) turns)` costs no arithmetic, only exchanged parts and signs. */
export function isFreeTurn(turns: number): boolean {
  return [0, 0.25, 0.5].includes(Math.abs(turns));
}

/** `value * exp(2 pi sqrt(-1) turns)` for a constant fraction of a turn. */
function turn(w: Wgsl, value: string, turns: number): string {
  if (turns === 0) return value;
  if (Math.abs(turns) === 0.25) return timesI(w, value, Math.sign(turns) as Sign);
  if (Math.abs(turns) === 0.5) return w.let(`-${value}`);
  const [re, im] = [float(Math.cos(2 * Math.PI * turns)), float(Math.sin(2 * Math.PI * turns))];
  return w.let(`vec2f(fma(${value}.x, ${re}, -${value}.y * ${im}), fma(${value}.x, ${im}, ${value}.y * ${re}))`);
}

/** `sign * sqrt(-1) * value`. */
function timesI(w: Wgsl, value: string, sign: Sign): string {
  return w.let(sign < 0 ? `vec2f(${value}.y, -${value}.x)` : `vec2f(-${value}.y, ${value}.x)`);
}

/** `a * b`, or `a * conj(b)` where `conjugate` is true. */
export function product(w: Wgsl, a: string, b: string, conjugate: boolean): string {
  return w.let(
    conjugate
      ? `vec2f(fma(${a}.x, ${b}.x, ${a}.y * ${b}.y), fma(${a}.y, ${b}.x, -${a}.x * ${b}.y))`
      : `vec2f(fma(${a}.x, ${b}.x, -${a}.y * ${b}.y), fma(${a}.x, ${b}.y, ${a}.y * ${b}.x))`,
  );
}
