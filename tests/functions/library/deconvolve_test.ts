import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClearstackError, deconvolve, openStore, planJob } from "@clearstack/clearstack";
import type { ArrayImage, DeconvolveOptions } from "functions/library/clearstack.ts";
import { slowWebgpuTest } from "../../require.ts";
import { readVolumes } from "../../fixtures/read_whole.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { runCli } from "../cli/run_cli.ts";
import { openImage } from "../../stores.ts";

const SHAPE = [2, 12, 40, 48];
const VALUES = patternedVoxels(SHAPE);
const folder = await Deno.makeTempDir({ prefix: "clearstack-library-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeZarr(`${folder}/image`, { shape: SHAPE, chunk: [1, 12, 20, 24], values: VALUES });
await writePsf(`${folder}/psf`);
const psfValues = await readVolumes(await openImage({ url: `${folder}/psf` }));

const IMAGE: ArrayImage = { data: VALUES, shape: SHAPE, axes: "czyx", voxelSize: [0.3, 0.1, 0.1] };
const PSF: ArrayImage = { data: psfValues, shape: [3, 5, 5], axes: "zyx" };
const SETTINGS = { algorithm: { iterations: 3 }, tiling: { tile: [12, 20, 48] }, backend: "cpu" } as const;

await runCli([
  ...["deconvolve", `${folder}/image`, `${folder}/by-cli`, "--psf", `${folder}/psf`, "--iterations", "3"],
  ...["--tile", "12,20,48", "--backend", "cpu"],
]);
const EXPECTED = await readVolumes(await openImage({ url: `${folder}/by-cli` }));

Deno.test("arrays give the voxels that the command line writes, from the same tiles", async () => {
  const events: string[] = [];
  const result = await deconvolve(IMAGE, PSF, { ...SETTINGS, onProgress: ({ type }) => events.push(type) });
  assertEquals([result.shape, result.dtype, result.axes], [SHAPE, "float32", "czyx"]);
  assertEquals(result.data, EXPECTED);
  assertEquals(events.filter((type) => type === "tile").length, 4);
  assertEquals(result.warnings.map(({ code }) => code), ["psf-spacing-unknown", "psf-cut-off"]);
  assertEquals((result.provenance.algorithm as { iterations: number }).iterations, 3);
  const { source, psf, output } = result.provenance.request as Record<string, { url: string }>;
  for (const { url } of [source!, psf!, output!]) {
    assert(url.startsWith("memory:"), url);
    assertEquals(await Array.fromAsync(openStore(url).list("")), [], "memory is given back");
  }
});

Deno.test("jobs at the same time do not disturb each other, nor the arrays they are given", async () => {
  const given = VALUES.slice();
  const results = await Promise.all([0, 1, 2].map(() => deconvolve({ ...IMAGE, data: given }, PSF, SETTINGS)));
  for (const { data } of results) assertEquals(data, EXPECTED);
  assertEquals(given, VALUES);
});

Deno.test("an output is the one that the command line writes, file by file", async () => {
  const result = await deconvolve(`${folder}/image`, `${folder}/psf`, { ...SETTINGS, output: `${folder}/by-library` });
  assertEquals([result.output, result.tiles, result.backend], [`${folder}/by-library`, 4, "cpu"]);
  for await (const key of openStore(`${folder}/by-cli`).list("")) {
    if (key.startsWith(".clearstack") || key === "zarr.json") continue;
    assertEquals(await openStore(`${folder}/by-library`).get(key), await openStore(`${folder}/by-cli`).get(key), key);
  }
});

Deno.test("arrays of every type and of fewer axes are taken", async () => {
  const shape = [20, 24];
  const plane = { data: new Float32Array([1, 2, 1, 2, 4, 2, 1, 2, 1]), shape: [3, 3], axes: "yx" };
  const values = patternedVoxels(shape).map((value) => value % 100);
  const settings = { algorithm: { iterations: 2 }, backend: "cpu" } as const;
  const expected = (await deconvolve({ data: values, shape, axes: "yx" }, plane, settings)).data;
  for (const Values of [Int8Array, Uint8ClampedArray, Int32Array, Float16Array, Float64Array]) {
    const result = await deconvolve({ data: Values.from(values), shape, axes: "yx" }, plane, settings);
    assertEquals([result.shape, result.data], [shape, expected], Values.name);
  }
  const large = BigUint64Array.from(values, BigInt);
  assertEquals((await deconvolve({ data: large, shape, axes: "yx" }, plane, settings)).data, expected);
});

Deno.test("what is selected comes back, and a list of PSFs is one for each channel", async () => {
  const one = await deconvolve(IMAGE, PSF, { ...SETTINGS, select: { channels: [1] } });
  assertEquals([one.shape, one.data], [[1, 12, 40, 48], EXPECTED.subarray(EXPECTED.length / 2)]);
  assertEquals((await deconvolve(IMAGE, [PSF, PSF], SETTINGS)).data, EXPECTED);
});

slowWebgpuTest("arrays are deconvolved on a GPU, in this process", async () => {
  const small = { data: VALUES.subarray(0, 8 * 16 * 16), shape: [8, 16, 16], axes: "zyx" };
  const expected = (await deconvolve(small, PSF, { algorithm: { iterations: 2 }, backend: "cpu" })).data;
  const { data } = await deconvolve(small, PSF, { algorithm: { iterations: 2 }, backend: "webgpu" });
  const largest = expected.reduce((most, value) => Math.max(most, value), 0);
  // The transforms of the backends sum float32 in another order: of 2^11 voxels, 11 roundings of 6e-8 each way and step.
  assert(data.every((value, voxel) => Math.abs(value - expected[voxel]!) < 1e-5 * largest));
});

Deno.test("voxel sizes reach the output in their unit", async () => {
  const image = { ...IMAGE, voxelSize: [300, 100, 100], unit: "nanometer" };
  await deconvolve(image, PSF, { ...SETTINGS, output: `${folder}/sized` });
  const { info } = await openImage({ url: `${folder}/sized` });
  assertEquals(info.scale, [1, 300, 100, 100]);
  assertEquals(info.axes.map(({ unit }) => unit), [undefined, "nanometer", "nanometer", "nanometer"]);
});

const WRONG: readonly (readonly [what: string, image: unknown, options: unknown, path: string, value?: unknown])[] = [
  ["data that do not fill the shape", { ...IMAGE, shape: [2, 12, 40, 49] }, {}, "source.data", VALUES.length],
  ["axes in another order", { ...IMAGE, axes: "zyxc" }, {}, "source.axes", "zyxc"],
  ["no axes", { ...IMAGE, axes: undefined }, {}, "source.axes"],
  ["axes that are not as many as the lengths", { ...IMAGE, axes: "zyx" }, {}, "source.shape", SHAPE],
  ["a length of 0", { ...IMAGE, shape: [2, 0, 40, 48] }, {}, "source.shape", [2, 0, 40, 48]],
  ["data that are no typed array", { ...IMAGE, data: [...VALUES] }, {}, "source.data"],
  ["a voxel size too short", { ...IMAGE, voxelSize: [1, 1] }, {}, "source.voxelSize", [1, 1]],
  ["a unit of nothing", { ...IMAGE, voxelSize: undefined, unit: "nanometer" }, {}, "source.unit", "nanometer"],
  ["a field that is not known", { ...IMAGE, spacing: [1, 1, 1] }, {}, "source.spacing", [1, 1, 1]],
  ["a setting out of range", IMAGE, { algorithm: { iterations: 0 } }, "algorithm.iterations", 0],
  ["a backend that is none", IMAGE, { backend: "cuda" }, "backend", "cuda"],
];

for (const [what, image, options, path, value] of WRONG) {
  Deno.test(`${what}: refused with path and value`, async () => {
    const error = await assertRejects(
      () => deconvolve(image as ArrayImage, PSF, options as DeconvolveOptions & { output?: undefined }),
      ClearstackError,
    );
    assertEquals([error.kind, error.path], ["invalid-request", path], error.message);
    if (value !== undefined) assertEquals(error.value, value);
  });
}

for (const setting of ["iterations", "webhook", "priority"]) {
  Deno.test(`${setting} is no setting, and refused by name`, async () => {
    const options = { [setting]: 3 } as unknown as DeconvolveOptions & { output?: undefined };
    const error = await assertRejects(() => deconvolve(IMAGE, PSF, options), ClearstackError, setting);
    assertEquals(error.kind, "invalid-request");
  });
}

Deno.test("a plan over budget says need and limit in bytes", async () => {
  const error = await assertRejects(() => planJob(IMAGE, PSF, { ...SETTINGS, memoryBytes: 2 ** 20 }), ClearstackError);
  assertEquals([error.kind, error.limit], ["over-budget", 2 ** 20]);
  assert(error.need! > 2 ** 20, `${error.need}`);
});

Deno.test("an array that is not there, or is damaged, is named by its path", async () => {
  const missing = await assertRejects(() => deconvolve(`${folder}/nothing`, PSF), ClearstackError);
  assertEquals([missing.kind, missing.path], ["not-found", `${folder}/nothing`]);
  await writeZarr(`${folder}/damaged`, { shape: [12, 40, 48], chunk: [12, 40, 48], values: VALUES });
  await Deno.writeFile(`${folder}/damaged/c/0/0/0`, new Uint8Array(7));
  const damaged = await assertRejects(() => deconvolve(`${folder}/damaged`, PSF, SETTINGS), ClearstackError);
  assertEquals([damaged.kind, damaged.path], ["corrupt-data", `${folder}/damaged`]);
});

Deno.test("planJob tells what deconvolve does, and reads no voxels of the source", async () => {
  const { plan, device } = await planJob(IMAGE, PSF, SETTINGS);
  assertEquals([plan.tiles, plan.tile, device.backend], [4, [12, 20, 48], "cpu"]);
});

Deno.test("a signal cancels before and while a job runs", async () => {
  const aborted = await assertRejects(
    () => deconvolve(IMAGE, PSF, { ...SETTINGS, signal: AbortSignal.abort() }),
    ClearstackError,
  );
  assertEquals(aborted.kind, "cancelled");
  const stop = new AbortController();
  const error = await assertRejects(() =>
    deconvolve(IMAGE, PSF, {
      ...SETTINGS,
      algorithm: { iterations: 100_000 },
      signal: stop.signal,
      onProgress: () => setTimeout(() => stop.abort(), 100),
    }), ClearstackError);
  assertEquals(error.kind, "cancelled");
});
