/** Power spectra of small boxes, in double precision, for what is decided by a sample. */
import type { Vec3 } from "shared/volume/geometry.ts";

/**
 * Squared magnitude of the discrete Fourier transform of a box.
 *
 * @param values real, x contiguous
 * @param shape powers of two
 * @returns of each frequency, in the order of the transform
 */
export function powerSpectrum(values: Float64Array, shape: Vec3): Float64Array {
  const real = Float64Array.from(values);
  const imaginary = new Float64Array(real.length);
  let stride = 1;
  for (const side of [shape[2], shape[1], shape[0]]) {
    transformLines(real, imaginary, { side, stride });
    stride *= side;
  }
  return real.map((value, index) => value ** 2 + imaginary[index]! ** 2);
}

/** Transforms all lines of a side whose elements are `stride` apart, in place (Cooley & Tukey, Math. Comput. 19 (1965) 297-301). */
function transformLines(
  real: Float64Array,
  imaginary: Float64Array,
  { side, stride }: { readonly side: number; readonly stride: number },
): void {
  const [re, im] = [new Float64Array(side), new Float64Array(side)];
  const cosines = Float64Array.from({ length: side / 2 }, (_, index) => Math.cos(2 * Math.PI * index / side));
  const sines = Float64Array.from({ length: side / 2 }, (_, index) => -Math.sin(2 * Math.PI * index / side));
  const places = reversedBits(side);
  for (let line = 0; line < real.length / side; line++) {
    const first = Math.floor(line / stride) * stride * side + line % stride;
    for (let index = 0; index < side; index++) {
      re[places[index]!] = real[first + index * stride]!;
      im[places[index]!] = imaginary[first + index * stride]!;
    }
    for (let half = 1; half < side; half *= 2) {
      const step = side / (2 * half);
      for (let start = 0; start < side; start += 2 * half) {
        for (let at = 0; at < half; at++) {
          const [low, high] = [start + at, start + at + half];
          const [cosine, sine] = [cosines[at * step]!, sines[at * step]!];
          const turnedRe = re[high]! * cosine - im[high]! * sine;
          const turnedIm = re[high]! * sine + im[high]! * cosine;
          re[high] = re[low]! - turnedRe;
          im[high] = im[low]! - turnedIm;
          re[low] = re[low]! + turnedRe;
          im[low] = im[low]! + turnedIm;
        }
      }
    }
    for (let index = 0; index < side; index++) {
      real[first + index * stride] = re[index]!;
      imaginary[first + index * stride] = im[index]!;
    }
  }
}

/** Where each element of a line goes before the butterflies. */
function reversedBits(side: number): Int32Array {
  const places = new Int32Array(side);
  for (let index = 1; index < side; index++) places[index] = places[index >> 1]! / 2 + (index & 1) * side / 2;
  return places;
}
