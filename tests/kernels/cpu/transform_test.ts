import { assert } from "@std/assert";
import type { Rounding } from "kernels/cpu/fft/arithmetic.ts";
import { frequencyRow } from "kernels/cpu/fft/fft_plan.ts";
import { blocksPerRow } from "kernels/cpu/steps/row_exchange.ts";
import { MIN_POINTS_ADDRESS } from "kernels/cpu/threads/shared_control.ts";
import { isSmooth } from "shared/plan/fast_size.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { type Complex, dft3 } from "../../reference/dft.ts";
import { kernelHarness, noise } from "./kernel_harness.ts";

/** Every butterfly, every pair of them, and lengths with three and more passes. */
const LENGTHS = Array.from({ length: 93 }, (_, i) => i + 8).filter(isSmooth).concat(
  [105, 125, 128, 135, 243, 250, 256, 343, 360, 512, 600, 625, 729, 768, 1000, 1024, 1536, 1715, 2000, 2048],
);

/**
 * float32 rounds each of the log2(n) levels of a transform to 6e-8 of the root mean square; twice that, for the largest of n
 * errors four standard deviations out, is below 1e-6 of the root mean square times log2(n) / 4 and of the maximum.
 */
const TOLERANCE = 1e-6;

/** Four signals of `n` complex numbers as rows of 8 values, and the same as float64. */
function signals(n: number): { rows: Float32Array; columns: Complex[] } {
  const rows = Float32Array.from(noise(8 * n, n));
  const columns = [0, 1, 2, 3].map((lane) => ({
    re: Float64Array.from({ length: n }, (_, i) => rows[8 * i + lane]),
    im: Float64Array.from({ length: n }, (_, i) => rows[8 * i + 4 + lane]),
  }));
  return { rows, columns };
}

/** All real parts, then all imaginary parts, which rows of four complex numbers hold at offsets 0 and 4. */
function parts(count: number, at: (index: number, offset: 0 | 4) => number): number[] {
  return ([0, 4] as const).flatMap((offset) => Array.from({ length: count }, (_, i) => at(i, offset)));
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  let peak = 0;
  let error = 0;
  for (let i = 0; i < expected.length; i++) {
    peak = Math.max(peak, Math.abs(expected[i]));
    error = Math.max(error, Math.abs(actual[i] - expected[i]));
  }
  assert(error <= TOLERANCE * peak, `${what}: off by ${error / peak} of the maximum`);
}

for (const rounding of ["fused", "separate"] as Rounding[]) {
  Deno.test(`column transforms equal the direct transform, and back (${rounding} multiply-add)`, () => {
    for (const n of rounding === "fused" ? LENGTHS : LENGTHS.slice(0, 20)) {
      const { kernels, layout, floats } = kernelHarness([1, n, 8], { rounding });
      const { rows, columns } = signals(n);
      const row = (i: number) => floats(layout.spectrum + i * layout.rowPitch, 8);
      for (let i = 0; i < n; i++) row(i).set(rows.subarray(8 * i, 8 * i + 8));

      kernels.column_forward(layout.scratch[0], layout.spectrum);
      columns.forEach((column, lane) => {
        const expected = dft3(column, [1, 1, n], -1);
        const at = (k: number) => row(frequencyRow(layout.plans[1], k));
        assertClose(parts(n, (k, part) => at(k)[lane + part]), [...expected.re, ...expected.im], `length ${n}`);
      });

      kernels.column_inverse(layout.scratch[0], layout.spectrum);
      const back = Float64Array.from({ length: 8 * n }, (_, i) => row(Math.floor(i / 8))[i % 8] / n);
      assertClose(back, rows, `length ${n}, there and back`);
    }
  });
}

Deno.test("depth transforms multiply by the OTF, or by its conjugate, at every frequency", () => {
  for (const n of [1, ...LENGTHS.filter((length) => length < 300)]) {
    for (const kernel of ["depth_convolve", "depth_correlate"] as const) {
      const { kernels, layout, floats } = kernelHarness([n, 8, 8]);
      const { rows, columns } = signals(n);
      const plane = (i: number) => floats(layout.spectrum + i * layout.planePitch, 8);
      const otf = floats(layout.transfer, 8 * n);
      otf.set(noise(8 * n, 7));
      for (let i = 0; i < n; i++) plane(i).set(rows.subarray(8 * i, 8 * i + 8));
      kernels[kernel](layout.scratch[0], layout.spectrum, layout.transfer);

      columns.forEach((column, lane) => {
        const spectrum = dft3(column, [1, 1, n], -1);
        for (let k = 0; k < n; k++) {
          const at = 8 * frequencyRow(layout.plans[0], k) + lane;
          const [re, im] = [otf[at], kernel === "depth_convolve" ? otf[at + 4] : -otf[at + 4]];
          const product = [spectrum.re[k] * re - spectrum.im[k] * im, spectrum.re[k] * im + spectrum.im[k] * re];
          [spectrum.re[k], spectrum.im[k]] = product;
        }
        const expected = dft3(spectrum, [1, 1, n], 1);
        assertClose(parts(n, (i, part) => plane(i)[lane + part]), [...expected.re, ...expected.im], `${kernel} ${n}`);
      });
    }
  }
});

Deno.test("row transforms give twice the half spectra of eight rows, and take them back", () => {
  for (const n of LENGTHS.filter((length) => length % 2 === 0)) {
    const box: Vec3 = [1, 8, n];
    const { kernels, layout, floats } = kernelHarness(box);
    const image = floats(layout.images.estimate!, 8 * n);
    image.set(noise(8 * n, n));
    const voxels = image.slice();
    const group = [
      layout.scratch[0],
      layout.spectrum,
      layout.images.estimate!,
      layout.sums,
      MIN_POINTS_ADDRESS,
    ] as const;
    kernels.row_forward(...group);

    for (let row = 0; row < 8; row++) {
      const signal = Float64Array.from({ length: n }, (_, x) => voxels[8 * x + row]);
      const expected = dft3({ re: signal, im: new Float64Array(n) }, [1, 1, n], -1);
      const spectrum = floats(layout.spectrum + row * layout.rowPitch, 8 * blocksPerRow(n));
      const half = n / 2 + 1;
      const actual = parts(half, (k, part) => spectrum[8 * Math.floor(k / 4) + k % 4 + part] / 2);
      assertClose(actual, [...expected.re.subarray(0, half), ...expected.im.subarray(0, half)], `row ${row} of ${n}`);
    }

    kernels.row_inverse(...group);
    assertClose(image.map((value) => value / (2 * n)), voxels, `rows of ${n}, there and back`);
  }
});
