/**
 * The discrete Fourier transform by its definition, in float64: O(n^2) per axis, for checking the fast ones.
 */
import type { Vec3 } from "shared/volume/geometry.ts";

/** Complex numbers as two arrays of equal length. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** A real signal as complex numbers. */
export function complexFrom(real: ArrayLike<number>): Complex {
  return { re: Float64Array.from(real), im: new Float64Array(real.length) };
}

/**
 * `X[k] = sum_i x[i] exp(sign 2 pi sqrt(-1) i k / n)` of each line of `n` numbers, `stride` apart, along one axis of a dense
 * volume; not scaled.
 */
function dftAxis(input: Complex, n: number, stride: number, sign: 1 | -1): Complex {
  const cos = Float64Array.from({ length: n }, (_, k) => Math.cos((2 * Math.PI * k) / n));
  const sin = Float64Array.from({ length: n }, (_, k) => sign * Math.sin((2 * Math.PI * k) / n));
  const output = { re: new Float64Array(input.re.length), im: new Float64Array(input.re.length) };
  for (let line = 0; line < input.re.length / n; line++) {
    const start = Math.floor(line / stride) * n * stride + (line % stride);
    for (let k = 0; k < n; k++) {
      let re = 0;
      let im = 0;
      for (let i = 0, turn = 0; i < n; i++, turn = (turn + k) % n) {
        const at = start + i * stride;
        re += input.re[at] * cos[turn] - input.im[at] * sin[turn];
        im += input.re[at] * sin[turn] + input.im[at] * cos[turn];
      }
      output.re[start + k * stride] = re;
      output.im[start + k * stride] = im;
    }
  }
  return output;
}

/** The forward (`sign` -1) or inverse (`sign` +1) transform of a volume over all three axes; not scaled. */
export function dft3(input: Complex, [nz, ny, nx]: Vec3, sign: 1 | -1): Complex {
  return dftAxis(dftAxis(dftAxis(input, nx, 1, sign), ny, nx, sign), nz, nx * ny, sign);
}
