/**
 * Transforms of a few points held in registers: the butterflies that longer transforms are made of.
 */
import { COMPOSED } from "kernels/radices.ts";
import type { Arithmetic, Complex, Direction } from "./arithmetic.ts";

/** A point that is computed (its instructions emitted) when it is first asked for. */
export type LazyPoint = () => Complex;

/**
 * The discrete Fourier transform `X[k] = sum_i x[i] exp(direction 2 pi i k sqrt(-1) / n)`, not scaled, natural order at both
 * ends, for n = 1 to 16 with no prime factor above 7.
 *
 * Points are lazy so that each is loaded just before and stored just after use: a transform of 16 points would otherwise
 * need 32 registers at once. Forward and inverse transforms split n into mirrored factors, so that where one feeds the other
 * the last group of points of the first is the first group of the second.
 */
export function butterfly(math: Arithmetic, points: readonly LazyPoint[], direction: Direction): LazyPoint[] {
  const split = COMPOSED[points.length];
  if (!split) {
    const outputs = once(() => primeTransform(math, points.map((point) => point()), direction));
    return points.map((_, k) => () => outputs()[k]);
  }
  const [inner, outer] = direction === -1 ? split : [split[1], split[0]];
  return compositeTransform(math, points, direction, inner, outer);
}

/** The order in which the outputs of a butterfly of `n` points can be stored with the fewest of them kept waiting. */
export function completionOrder(n: number, direction: Direction): number[] {
  const groups = COMPOSED[n]?.[direction === -1 ? 0 : 1] ?? 1;
  return range(n).sort((a, b) => (a % groups) - (b % groups) || a - b);
}

/** Cooley and Tukey: `inner` transforms of every `outer`-th point, a twiddle each, then transforms across. */
function compositeTransform(
  math: Arithmetic,
  points: readonly LazyPoint[],
  direction: Direction,
  inner: number,
  outer: number,
): LazyPoint[] {
  const n = points.length;
  const columns = range(outer).map((column) =>
    butterfly(math, range(inner).map((i) => points[outer * i + column]), direction)
  );
  const groups = range(inner).map((row) => {
    const rotated = columns.map((column, i) => once(() => math.rotate(column[row](), i * row, n, direction)));
    return butterfly(math, rotated, direction);
  });
  return range(n).map((k) => groups[k % inner][Math.floor(k / inner)]);
}

function primeTransform(math: Arithmetic, x: readonly Complex[], direction: Direction): Complex[] {
  if (x.length === 1) return [x[0]];
  if (x.length === 2) return [math.add(x[0], x[1]), math.subtract(x[0], x[1])];
  if (x.length === 4) return fourPoints(math, x, direction);
  return oddTransform(math, x, direction);
}

function fourPoints(math: Arithmetic, x: readonly Complex[], direction: Direction): Complex[] {
  const even = math.add(x[0], x[2]);
  const evenDifference = math.subtract(x[0], x[2]);
  const odd = math.add(x[1], x[3]);
  const oddDifference = math.subtract(x[1], x[3]);
  const [plus, minus] = math.addSubtractImaginary(evenDifference, oddDifference, 1);
  const [first, third] = direction === 1 ? [plus, minus] : [minus, plus];
  return [math.add(even, odd), first, math.subtract(even, odd), third];
}

/** Pairs x[i] with x[n - i]: their sum meets only cosines, their difference only sines. */
function oddTransform(math: Arithmetic, x: readonly Complex[], direction: Direction): Complex[] {
  const n = x.length;
  const half = range((n - 1) / 2).map((i) => i + 1);
  const sums = half.map((i) => math.add(x[i], x[n - i]));
  const differences = half.map((i) => math.subtract(x[i], x[n - i]));
  const outputs = Array<Complex>(n);
  outputs[0] = sums.reduce((total, sum) => math.add(total, sum), x[0]);
  for (const k of half) {
    const angle = (i: number) => (2 * Math.PI * ((i * k) % n)) / n;
    const even = sums.reduce((total, sum, i) => math.addScaled(total, sum, Math.cos(angle(i + 1))), x[0]);
    // The first sine is factored out: a sum of products then needs one multiplication less.
    const scale = Math.sin(angle(1));
    const odd = differences.slice(1).reduce(
      (total, difference, i) => math.addScaled(total, difference, Math.sin(angle(i + 2)) / scale),
      differences[0],
    );
    [outputs[k], outputs[n - k]] = math.addSubtractImaginary(even, odd, direction * scale);
  }
  return outputs;
}

/** Remembers the result of the first call. */
export function once<T>(compute: () => T): () => T {
  let result: T | undefined;
  return () => result ??= compute();
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
