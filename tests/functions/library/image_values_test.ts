/** Values that nothing can be computed with, or that say that the image is not what it should be. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ArrayImage, ClearstackError, deconvolve } from "@clearstack/clearstack";
import { randomVolume } from "../../reference/random_volume.ts";

const PSF: ArrayImage = { data: new Float32Array([1, 2, 1, 2, 4, 2, 1, 2, 1]), shape: [1, 3, 3], axes: "zyx" };
const SHAPE = [6, 10, 12];
const VOXELS = 720;
const at = (z: number, y: number, x: number) => (z * 10 + y) * 12 + x;

for (const boundary of ["symmetric", "periodic", "nearest", "non-circulant"] as const) {
  Deno.test(`a tile that meets NaN in its halo, or mirrored (${boundary}), names the voxel of the image`, async () => {
    const data = new Float64Array(4 * VOXELS).fill(1);
    for (const index of [at(1, 9, 11), at(4, 2, 3)]) data[3 * VOXELS + index] = NaN;
    const run = deconvolve({ data, shape: [2, 2, ...SHAPE], axes: "tczyx" }, PSF, {
      ...{ algorithm: { iterations: 1, boundary }, tiling: { tile: [3, 5, 6], halo: [4, 4, 4] }, backend: "cpu" },
    });
    const { message, kind } = await assertRejects(() => run, ClearstackError);
    assertEquals(kind, "corrupt-data");
    assert(
      message.startsWith("voxel 1,9,11 (z,y,x) of the image of time 1, channel 1 is NaN, the first of 2"),
      message,
    );
    assert(!message.includes("run the same job again"), message);
  });
}

Deno.test("a sample for the background that meets NaN names it", async () => {
  const data = new Float32Array(VOXELS).fill(1);
  data[at(2, 3, 4)] = NaN;
  const settings = { algorithm: { iterations: 1, background: "auto" }, backend: "cpu" } as const;
  const error = await assertRejects(
    () => deconvolve({ data, shape: SHAPE, axes: "zyx" }, PSF, settings),
    ClearstackError,
  );
  assert(error.message.startsWith("voxel 2,3,4 (z,y,x) of the image is NaN, the only such value"), error.message);
});

Deno.test("counts stored in a signed type from its least value on give what they give as counts", async () => {
  const counts = randomVolume([6, 10, 12], 3).map((u) => 100 + Math.floor(900 * u ** 4));
  const array = (data: ArrayImage["data"]): ArrayImage => ({ data, shape: SHAPE, axes: "zyx" });
  // Of int32, far beyond what float32 tells apart: the offset is added before anything is rounded.
  const signed = [
    { least: -32768, image: array(Int16Array.from(counts, (count) => count - 32768)) },
    { least: -(2 ** 31), image: array(Int32Array.from(counts, (count) => count - 2 ** 31)) },
  ];
  const constant = { iterations: 3, boundary: "constant" } as const;
  for (const outside of [undefined, 180]) {
    const run = (image: ArrayImage, first: number, background: number) =>
      deconvolve(image, PSF, {
        algorithm: {
          ...(outside === undefined ? { iterations: 3 } : { ...constant, boundaryValue: outside + first }),
          background,
        },
        tiling: { tile: [6, 5, 12] },
        backend: "cpu",
      });
    const expected = await run(array(Uint16Array.from(counts, (count) => count - 100)), -100, 0);
    for (const { least, image } of signed) {
      assertEquals((await run(image, least, least + 100)).data, expected.data, `${least}, outside ${outside}`);
    }
  }
});

Deno.test("the automatic background of a signed type with an offset lies below 0", async () => {
  const data = Int16Array.from(randomVolume([6, 10, 12], 4), (u) => -32768 + 100 + Math.round(4 * u));
  const settings = { algorithm: { iterations: 1, background: "auto" }, backend: "cpu" } as const;
  const { provenance } = await deconvolve({ data, shape: SHAPE, axes: "zyx" }, PSF, settings);
  const { background } = provenance.decisions as { background: number };
  assert(background >= -32668 && background <= -32664, `${background}`);
});

Deno.test("clipped voxels are counted over all tiles, and stand in result and provenance", async () => {
  const data = Uint16Array.from(randomVolume([12, 20, 24], 5), (u, i) => i % 31 === 0 ? 4095 : Math.floor(3000 * u));
  const image = { data, shape: [12, 20, 24], axes: "zyx" };
  const settings = { algorithm: { iterations: 1 }, tiling: { tile: [12, 10, 12] }, backend: "cpu" } as const;
  const { warnings, provenance } = await deconvolve(image, PSF, settings);
  const clipped = data.filter((value) => value === 4095).length;
  const found = warnings.find(({ code }) => code === "image-clipped");
  assertEquals(found?.value, clipped);
  assertEquals((provenance.warnings as typeof warnings).find(({ code }) => code === "image-clipped"), found);
});
