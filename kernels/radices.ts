/**
 * Parts of the transforms of both backends: the radices that have a butterfly, and roots of unity from float64, since
 * WGSL's own sine and cosine promise only 11 bits.
 */

/** The two factors that a radix without its own formula is composed of, the smaller one first. */
export const COMPOSED: Readonly<Record<number, readonly [small: number, large: number]>> = {
  6: [2, 3],
  8: [2, 4],
  9: [3, 3],
  10: [2, 5],
  12: [3, 4],
  14: [2, 7],
  15: [3, 5],
  16: [4, 4],
};

/** Lengths of the butterflies, 1 aside. */
export const RADICES: readonly number[] = [2, 3, 4, 5, 7, ...Object.keys(COMPOSED).map(Number)];

/** Parts of `exp(-2 pi sqrt(-1) m k / n)`. */
export function rootOfUnity(m: number, k: number, n: number): [re: number, im: number] {
  const angle = (-2 * Math.PI * m * k) / n;
  return [Math.cos(angle), Math.sin(angle)];
}

/** The roots `exp(-2 pi sqrt(-1) k / n)` for k below `n`, parts interleaved. */
export function rootsOfUnity(n: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(Array.from({ length: n }, (_, k) => rootOfUnity(1, k, n)).flat());
}
