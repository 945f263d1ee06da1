import { assert, assertEquals } from "@std/assert";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { makeSample } from "functions/cli/demo/sample/make_sample.ts";
import type { Dtype } from "shared/contract/image_info.ts";
import { countValues, joinCounts, valueWarnings } from "shared/decide/value_counts.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

const line = (values: readonly number[] | Float64Array, dtype: Dtype = "uint16", offset = 0) => {
  const whole = { start: [0, 0, 0], shape: [1, 1, values.length] } as const;
  return countValues(Float32Array.from(values), { box: whole, core: whole, dtype, offset });
};

function codesOf(values: readonly number[] | Float64Array, dtype: Dtype = "uint16", saturation?: number): string[] {
  const image = { dtype, which: "", saturation, hasOffset: false };
  return valueWarnings(line(values, dtype), image).map(({ code }) => code);
}

/** A bright blob in photon noise. */
function blob(peak: number): Float64Array {
  const random = createRandom(3);
  const { values } = gaussianPsf([17, 33, 33], [3, 6, 6]);
  const top = Math.max(...values);
  return values.map((value) => random.poisson(20 + peak * value / top));
}

const clippedAt = (values: Float64Array, most: number) => values.map((value) => Math.min(value, most));

Deno.test("voxels that a camera clipped are told, at the most of the type and of fewer bits", () => {
  assertEquals(codesOf(clippedAt(blob(9000), 4095)), ["image-clipped"]);
  assertEquals(codesOf(clippedAt(blob(90000), 65535)), ["image-clipped"]);
  assertEquals(codesOf(clippedAt(blob(600), 255), "uint8"), ["image-clipped"]);
  assertEquals(codesOf(clippedAt(blob(9000), 4095).map((value) => value / 4096), "float32"), ["image-clipped"]);
  const [warning] = valueWarnings(line(clippedAt(blob(9000), 4095)), {
    ...{ dtype: "uint16", which: "", saturation: undefined, hasOffset: false },
  });
  const expected = clippedAt(blob(9000), 4095).filter((value) => value === 4095).length;
  assertEquals(warning!.value, expected);
  assert(warning!.message.includes(`${expected} voxels`) && warning!.message.includes("--saturation 4095"));
});

Deno.test("what is right is not called clipped: light, few photons, constants, masks, known saturation", () => {
  for (const peak of [3, 10, 100, 3000]) assertEquals(codesOf(blob(peak)), [], `${peak}`);
  assertEquals(codesOf(makeSample({ shape: [16, 64, 64] }).observed as unknown as number[]), []);
  const random = createRandom(7);
  for (const mean of [0.05, 0.5, 2, 5]) {
    assertEquals(codesOf(Float64Array.from({ length: 20_000 }, () => random.poisson(mean))), [], `${mean}`);
  }
  assertEquals(codesOf(new Float64Array(1000).fill(100)), []);
  assertEquals(codesOf(Float64Array.from({ length: 1000 }, (_, i) => i % 9 === 0 ? 1 : 0), "uint8"), []);
  assertEquals(codesOf(new Float64Array(1000), "float32"), []);
  assertEquals(codesOf(clippedAt(blob(9000), 4095), "uint16", 4095), []);
});

Deno.test("values below 0 are told where noise about 0 does not leave so many", () => {
  const random = createRandom(9);
  const noise = Float64Array.from({ length: 10_000 }, () => random.poisson(100) - 100);
  assertEquals(codesOf(noise, "float32"), []);
  assertEquals(codesOf(noise.map((value) => value - 32668), "int16"), ["image-negative"]);
});

Deno.test("counts are those of the core, and parts add up to the whole", () => {
  const shape: Vec3 = [4, 6, 8];
  const random = createRandom(11);
  const values = Float32Array.from({ length: 192 }, () => Math.floor(random.between(-3, 20)));
  const box = { start: [-1, 2, 3], shape } as const;
  const count = (start: Vec3, shape: Vec3) => countValues(values, { box, core: { start, shape }, dtype: "int16" });
  const whole = count([-1, 2, 3], shape);
  assertEquals(whole.negative, values.filter((value) => value < 0).length);
  assertEquals(whole.atLargest, values.filter((value) => value === whole.largest).length);
  const joined = joinCounts(count([-1, 2, 3], [4, 3, 8]), count([-1, 5, 3], [4, 3, 8]));
  assertEquals([joined.voxels, joined.negative, joined.largest, joined.atLargest], [
    ...[192, whole.negative, whole.largest, whole.atLargest],
  ]);
  const inner = count([0, 3, 4], [1, 1, 2]);
  const at = (z: number, y: number, x: number) => values[(z * 6 + y) * 8 + x]!;
  assertEquals([inner.voxels, inner.largest], [2, Math.max(at(1, 1, 1), at(1, 1, 2))]);
});
