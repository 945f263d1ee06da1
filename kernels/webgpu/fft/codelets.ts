/**
 * Discrete Fourier transforms of a few complex numbers held in registers, unrolled, as WGSL functions on arrays of `vec2f` (real,
 * imaginary) that are indexed by constants only, so that a compiler keeps them in registers: `sum x[i] exp(-2 pi sqrt(-1) i k / n)`.
 */
import { COMPOSED } from "kernels/radices.ts";
import { complexArray, elementsOf, float, Wgsl } from "../wgsl/wgsl.ts";

/** Factors of a radix without its own formula; the twiddles of four rows are free, else rows are the smaller factor. */
export function composition(n: number): readonly [columns: number, rows: number] | undefined {
  const [small, large] = COMPOSED[n] ?? [];
  return small === undefined || large === undefined ? undefined : large === 4 ? [small, large] : [large, small];
}

/** Defines the function that transforms `n` numbers, one of RADICES, into natural order, and returns its name. */
export function defineDft(w: Wgsl, n: number): string {
  return w.define(`dft${n}`, () => {
    const body = new Wgsl();
    body.line(`return array(${outputsOf(w, body, n).join(", ")});`);
    return `(a: ${complexArray(n)}) -> ${complexArray(n)} {\n${body}\n}`;
  });
}

/** Emits the transform of the elements of `a`, and returns its outputs. */
function outputsOf(w: Wgsl, body: Wgsl, n: number): string[] {
  const inputs = elementsOf("a", n);
  switch (n) {
    case 2:
      return [`${inputs[0]} + ${inputs[1]}`, `${inputs[0]} - ${inputs[1]}`];
    case 4:
      return dft4(body, inputs);
    case 3:
    case 5:
    case 7:
      return oddDft(body, inputs);
    default:
      return composedDft(w, body, inputs);
  }
}

function dft4(w: Wgsl, [a, b, c, d]: readonly string[]): string[] {
  const [even, odd] = [w.let(`${a} + ${c}`), w.let(`${b} + ${d}`)];
  const evenDifference = w.let(`${a} - ${c}`);
  const turned = w.let(`over_i(${b} - ${d})`);
  return [`${even} + ${odd}`, `${evenDifference} + ${turned}`, `${even} - ${odd}`, `${evenDifference} - ${turned}`];
}

/** Odd primes: inputs i and n - i enter as sum and difference, which halves the multiplications. */
function oddDft(w: Wgsl, inputs: readonly string[]): string[] {
  const n = inputs.length;
  const half = Array.from({ length: (n - 1) / 2 }, (_, i) => i + 1);
  const sums = half.map((i) => w.let(`${inputs[i]} + ${inputs[n - i]}`));
  const differences = half.map((i) => w.let(`${inputs[i]} - ${inputs[n - i]}`));
  const outputs = [[inputs[0], ...sums].join(" + ")];
  for (const k of half) {
    const angle = (i: number) => (2 * Math.PI * i * k) / n;
    const cosines = sums.map((sum, i) => `${sum} * ${float(Math.cos(angle(i + 1)))}`);
    const sines = differences.map((difference, i) => `${difference} * ${float(Math.sin(angle(i + 1)))}`);
    const symmetric = w.let([inputs[0], ...cosines].join(" + "));
    const turned = w.let(`over_i(${sines.join(" + ")})`);
    outputs[k] = `${symmetric} + ${turned}`;
    outputs[n - k] = `${symmetric} - ${turned}`;
  }
  return outputs;
}

/** Cooley and Tukey: `n = rows * i1 + i2`, `k = k1 + columns * k2`. */
function composedDft(w: Wgsl, body: Wgsl, inputs: readonly string[]): string[] {
  const n = inputs.length;
  const [columns, rows] = composition(n)!;
  const [ofColumn, ofRow] = [columns, rows].map((length) => defineDft(w, length));
  const inner = Array.from({ length: rows }, (_, i2) => {
    const column = Array.from({ length: columns }, (_, i1) => inputs[rows * i1 + i2]);
    const transformed = body.let(`${ofColumn}(array(${column.join(", ")}))`);
    return elementsOf(transformed, columns).map((value, k1) => turn(value, (-i2 * k1) / n));
  });
  const outputs: string[] = [];
  for (let k1 = 0; k1 < columns; k1++) {
    const transformed = body.let(`${ofRow}(array(${inner.map((column) => column[k1]).join(", ")}))`);
    elementsOf(transformed, rows).forEach((value, k2) => outputs[k1 + columns * k2] = value);
  }
  return outputs;
}

/** True if multiplying by `exp(2 pi sqrt(-1) turns)` costs no arithmetic, only exchanged parts and signs. */
export function isFreeTurn(turns: number): boolean {
  return [0, 0.25, 0.5].includes(Math.abs(turns));
}

/** `value * exp(2 pi sqrt(-1) turns)` for a constant fraction of a turn. */
function turn(value: string, turns: number): string {
  if (Math.abs(turns) === 0) return value;
  if (Math.abs(turns) === 0.25) return `${turns < 0 ? "over_i" : "times_i"}(${value})`;
  if (Math.abs(turns) === 0.5) return `-${value}`;
  const [re, im] = [float(Math.cos(2 * Math.PI * turns)), float(Math.sin(2 * Math.PI * turns))];
  return `times(${value}, vec2f(${re}, ${im}))`;
}
