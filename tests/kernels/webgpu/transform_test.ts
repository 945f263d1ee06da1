import { assert } from "@std/assert";
import { type ColumnKernel, columnShader, multiplyShader } from "kernels/webgpu/fft/column_kernel.ts";
import { boxLayout } from "kernels/webgpu/program/layout.ts";
import { projectionValues } from "kernels/webgpu/stages/projection.ts";
import { parameterValues } from "kernels/webgpu/stages/parameters.ts";
import { ratioStage } from "kernels/webgpu/stages/ratio_stages.ts";
import { rowGroups, rowShader } from "kernels/webgpu/fft/row_kernel.ts";
import { type RowStage, volume } from "kernels/webgpu/stages/row_stages.ts";
import { sizeValues } from "kernels/webgpu/program/box_sizes.ts";
import { rootsOfUnity } from "kernels/radices.ts";
import { columnShape, rowShape } from "kernels/webgpu/fft/workgroups.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { type Complex, complexFrom, dft3 } from "../../reference/dft.ts";
import { randomVolume } from "../../reference/random_volume.ts";
import { slowWebgpuTest } from "../../require.ts";
import { runShader, testGpu } from "./device_harness.ts";

/** Every radix, alone and in company, one to four passes, lanes with and without idle rounds, split and whole exchange. */
const LENGTHS = [
  8,
  9,
  10,
  12,
  14,
  15,
  16,
  21,
  28,
  35,
  49,
  64,
  100,
  105,
  128,
  216,
  320,
  343,
  432,
  625,
  1000,
  1024,
  2048,
];

/** Even lengths, among them those whose only even radix is small. */
const ROW_LENGTHS = [8, 10, 14, 16, 18, 30, 50, 64, 100, 216, 250, 384, 432, 686, 1000, 1024, 2048];

/** Transforms `source` forward. */
const FORWARD: RowStage = {
  label: "x forward",
  volumes: [volume("source", "read")],
  inverse: false,
  point: (pair) => pair.load("source"),
};

const PLAIN_RATIO = ratioStage({ damped: false, masked: false, dataType: "float32", measures: "nothing" });

/**
 * float32 rounds to 6e-8, and an error of that size enters at each of at most 10 levels of butterflies: well below 1e-6 of the
 * largest coefficient.
 */
const TOLERANCE = 1e-6;

function interleaved({ re, im }: Complex): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: 2 * re.length }, (_, i) => (i % 2 === 0 ? re[i >> 1] : im[i >> 1]));
}

function random(length: number, seed: number): Float64Array {
  return randomVolume([1, 1, length], seed).map((value) => value - 0.5);
}

/** Largest difference relative to the largest expected number, leaving out what `skip` says. */
function relativeError(
  actual: Float32Array,
  expected: Float32Array,
  skip: (index: number) => boolean = () => false,
): number {
  let error = 0;
  let largest = 0;
  expected.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    if (!skip(i)) error = Math.max(error, Math.abs(value - actual[i]));
  });
  return error / largest;
}

/** Columns along y of a box that is `length` high and 16 complex numbers wide. */
async function columnsOf(length: number): Promise<{ kernel: ColumnKernel; input: Complex; grid: [number, number] }> {
  const { limits } = await testGpu();
  const layout = boxLayout([1, length, 32], limits);
  const shape = columnShape(length, layout.halfWidth, 1, limits);
  const input = { re: random(16 * length, 1), im: random(16 * length, 2) };
  return { kernel: { axis: "y", layout, shape }, input, grid: [Math.ceil(16 / shape.columns), 1] };
}

for (const [direction, projection, sign] of [["forward", "forward", -1], ["inverse", "back", 1]] as const) {
  slowWebgpuTest(`the ${direction} transform of columns equals the definition, in natural order`, async () => {
    for (const length of LENGTHS) {
      const { kernel, input, grid } = await columnsOf(length);
      const contents = {
        spectrum: interleaved(input),
        projection: projectionValues(projection),
        sizes: sizeValues(kernel.layout, 1),
        twiddles: rootsOfUnity(length),
      };
      const actual = await runShader(columnShader(kernel), grid, { contents, result: "spectrum" });
      const error = relativeError(actual, interleaved(dftColumns(input, length, sign)));
      assert(error <= TOLERANCE, `length ${length} (${kernel.shape.plan.radices}): ${error}`);
    }
  });
}

slowWebgpuTest("multiplying columns between transforms equals the definition, but for column 0", async () => {
  for (const length of LENGTHS) {
    const { kernel, input, grid } = await columnsOf(length);
    const otf = { re: random(16 * length, 3), im: random(16 * length, 4) };
    const contents = {
      spectrum: interleaved(input),
      otf: interleaved(otf),
      projection: projectionValues("back"),
      sizes: sizeValues(kernel.layout, 1),
      twiddles: rootsOfUnity(length),
    };
    const actual = await runShader(multiplyShader(kernel, { real: false, precision: "float32" }), grid, {
      contents,
      result: "spectrum",
    });
    const coefficients = dftColumns(input, length, -1);
    const product = {
      re: coefficients.re.map((re, i) => re * otf.re[i] + coefficients.im[i] * otf.im[i]),
      im: coefficients.re.map((re, i) => coefficients.im[i] * otf.re[i] - re * otf.im[i]),
    };
    const error = relativeError(actual, interleaved(dftColumns(product, length, 1)), (i) => (i >> 1) % 16 === 0);
    assert(error <= TOLERANCE, `length ${length} (${kernel.shape.plan.radices}): ${error}`);
  }
});

slowWebgpuTest(
  "the forward transform of rows equals the definition, with the ends of each row in one number",
  async () => {
    for (const length of ROW_LENGTHS) {
      const { shader, grid, rows, sizes } = await rowsOf(length, FORWARD);
      const source = random(rows * length, 5);
      const contents = {
        spectrum: new Float32Array(rows * length),
        source: Float32Array.from(source),
        sizes,
        twiddles: rootsOfUnity(length),
      };
      const actual = await runShader(shader, grid, { contents, result: "spectrum" });
      const error = relativeError(actual, packedRows(source, [1, rows, length]));
      assert(error <= TOLERANCE, `length ${length}: ${error}`);
    }
  },
);

slowWebgpuTest("a row stage meets the voxels themselves between its transforms", async () => {
  for (const length of ROW_LENGTHS) {
    const { shader, grid, rows, sizes } = await rowsOf(length, PLAIN_RATIO);
    const shape: Vec3 = [1, rows, length];
    const blurred = random(rows * length, 6).map((value) => value + 1);
    const data = random(rows * length, 7).map(Math.abs);
    // A stage scales by one over the voxels of the box; the transform along x alone leaves the rows to make up for.
    const contents = {
      spectrum: packedRows(blurred, shape).map((value) => value * rows),
      data: Float32Array.from(data),
      parameters: parameterValues(1, {}),
      sizes,
      twiddles: rootsOfUnity(length),
    };
    const actual = await runShader(shader, grid, { contents, result: "spectrum" });
    const error = relativeError(actual, packedRows(data.map((d, i) => d / blurred[i]), shape));
    // Dividing by at least 0.5 doubles the error of the blurred voxels.
    assert(error <= 2 * TOLERANCE, `length ${length}: ${error}`);
  }
});

/** A row kernel over a plane of seven rows, the last of which has no partner. */
async function rowsOf(length: number, stage: RowStage) {
  const { limits } = await testGpu();
  const rows = 7;
  const layout = boxLayout([1, rows, length], limits);
  const shape = rowShape(length, 4, limits);
  const grid: [number, number] = [rowGroups(layout, shape), 1];
  return { shader: rowShader(stage, shape), grid, rows, sizes: sizeValues(layout, grid[0]) };
}

/** Transforms the columns of a plane of rows of 16. */
function dftColumns({ re, im }: Complex, length: number, sign: 1 | -1): Complex {
  // As the z axis of a box whose y and x have nothing to transform.
  const columns = Array.from({ length: 16 }, (_, x) => {
    const pick = (values: Float64Array) => Float64Array.from({ length }, (_, y) => values[y * 16 + x]);
    return dft3({ re: pick(re), im: pick(im) }, [length, 1, 1], sign);
  });
  const place = (part: "re" | "im") =>
    Float64Array.from({ length: 16 * length }, (_, i) => columns[i % 16][part][Math.floor(i / 16)]);
  return { re: place("re"), im: place("im") };
}

/** Half spectra of real rows as layout.ts describes them. */
function packedRows(values: Float64Array, [, rows, length]: Vec3): Float32Array<ArrayBuffer> {
  const packed = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const { re, im } = dft3(complexFrom(values.subarray(row * length, (row + 1) * length)), [1, 1, length], -1);
    for (let k = 0; k < length / 2; k++) {
      packed[row * length + 2 * k] = re[k];
      packed[row * length + 2 * k + 1] = k === 0 ? re[length / 2] : im[k];
    }
  }
  return packed;
}
