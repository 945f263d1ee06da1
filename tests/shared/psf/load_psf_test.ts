import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { energyRadius } from "shared/psf/measure/energy_radius.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { pythonTest, runPython } from "../../fixtures/python.ts";
import { writeZarr3, type Zarr3Options } from "../../fixtures/zarr3.ts";
import { loadPsf, openStore } from "../../stores.ts";

/** Loads a float64 array of this shape. */
async function load(shape: readonly number[], values: ArrayLike<number>, more: Partial<Zarr3Options> = {}) {
  const url = memoryUrl();
  await writeZarr3(url, { shape, chunk: shape, dtype: "float64", values, ...more });
  return await loadPsf({ url });
}

function gaussian(shape: Vec3, sigma: number): number[] {
  const values: number[] = [];
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++) {
        const squares = [z, y, x].reduce((sum, at, axis) => sum + (at - Math.floor(shape[axis]! / 2)) ** 2, 0);
        values.push(Math.exp(-squares / (2 * sigma ** 2)));
      }
    }
  }
  return values;
}

const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

Deno.test("a PSF of any type and scale comes out with the sum 1", async () => {
  const values = gaussian([7, 9, 11], 1.5).map((value) => Math.round(value * 60000));
  const loaded = [
    await load([7, 9, 11], values),
    await load([7, 9, 11], values, { dtype: "uint16" }),
    await load([7, 9, 11], values.map((value) => value / 4096)),
  ];
  for (const psf of loaded) {
    assertEquals(psf.info.shape, [7, 9, 11]);
    // 693 roundings of float32, each at most 2^-24 of its value: the sum of 1 is off by 2^-24 at most.
    assertEquals(Math.abs(sum(psf.volume.values) - 1) <= 2 ** -24, true);
  }
  // A power of two times the same numbers rounds the same way, so it is the same PSF.
  assertEquals(new Set(loaded.map((psf) => psf.info.sha256)).size, 1);
});

Deno.test("the hash tells shapes apart that hold the same values", async () => {
  const values = Array.from({ length: 12 }, (_, index) => index + 1);
  const hashes = [await load([1, 3, 4], values), await load([1, 4, 3], values), await load([12, 1, 1], values)]
    .map((psf) => psf.info.sha256);
  assertEquals(new Set(hashes).size, 3);
});

Deno.test("a 2-D PSF gets one plane, and axes of one entry are dropped", async () => {
  assertEquals((await load([3, 5], Array(15).fill(1))).info.shape, [1, 3, 5]);
  const metadata = { dimension_names: ["c", "z", "y", "x"] };
  assertEquals((await load([1, 2, 3, 5], Array(30).fill(1), { metadata })).info.shape, [2, 3, 5]);
  const error = await assertRejects(
    () => load([2, 2, 3, 5], Array(60).fill(1), { metadata }),
    ClearstackError,
    "choose one of 2 channels",
  );
  assertEquals(error.kind, "invalid-request");
});

Deno.test("negative values count as 0, and the rest still sums to 1", async () => {
  const psf = await load([1, 1, 5], [-1, 2, 6, 2, -1]);
  assertEquals([...psf.volume.values], [0, Math.fround(0.2), Math.fround(0.6), Math.fround(0.2), 0]);
});

Deno.test("zeros, negative sums, NaN and infinity are refused", async () => {
  const cases: [number[], ClearstackError["kind"], string][] = [
    [[0, 0, 0, 0], "invalid-request", "zero everywhere"],
    [[1, -2, 0, 0], "invalid-request", "has the sum -1.00"],
    [[1, -1, 0, 0], "invalid-request", "has the sum 0"],
    [[-1, -1, -1, -1], "invalid-request", "has the sum -4.00"],
    [[1, NaN, 1, 1], "corrupt-data", "NaN or infinite"],
    [[1, Infinity, 1, 1], "corrupt-data", "NaN or infinite"],
    [[1, 1e300, 1, 1], "corrupt-data", "NaN or infinite"],
  ];
  for (const [values, kind, message] of cases) {
    const error = await assertRejects(() => load([1, 2, 2], values), ClearstackError, message);
    assertEquals([error.kind, error.message.startsWith("the PSF memory:")], [kind, true]);
  }
});

Deno.test("a PSF that is missing, empty or no image is refused", async () => {
  const url = memoryUrl();
  await openStore(url).put("empty.tif", new Uint8Array(0));
  await openStore(url).put("text.tif", new TextEncoder().encode("this is not a TIFF at all"));
  const kindOf = async (location: string) =>
    (await assertRejects(() => loadPsf({ url: location }), ClearstackError)).kind;
  assertEquals(await kindOf(`${url}/missing.tif`), "not-found");
  assertEquals(await kindOf(`${url}/missing.zarr`), "not-found");
  assertEquals(await kindOf(`${url}/empty.tif`), "corrupt-data");
  assertEquals(await kindOf(`${url}/text.tif`), "corrupt-data");
  assertEquals(
    (await assertRejects(() => load([0, 3, 3], [], { chunk: [1, 3, 3] }), ClearstackError)).kind,
    "unsupported",
  );
});

Deno.test("a PSF is the same from a TIFF as from a Zarr", async () => {
  const shape: Vec3 = [5, 6, 7];
  const values = Float32Array.from(gaussian(shape, 1.2));
  const url = memoryUrl();
  await openStore(url).put("psf.tif", encodeTiff({ shape, values }));
  const [tiff, zarr] = [await loadPsf({ url: `${url}/psf.tif` }), await load(shape, values)];
  assertEquals(tiff.info, zarr.info);
  assertEquals(tiff.volume, zarr.volume);
});

pythonTest({
  name: "a PSF that tifffile saved as an ImageJ file without axes is one volume",
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".tif" });
    try {
      await runPython(
        "-c",
        `import tifffile, numpy as np; tifffile.imwrite("${file}", np.ones((5, 6, 7), "f4"), imagej=True)`,
      );
      assertEquals((await loadPsf({ url: file })).info.shape, [5, 6, 7]);
    } finally {
      await Deno.remove(file);
    }
  },
});

Deno.test("the box of the radius holds 99.9 % of the energy, and one voxel less on an axis breaks its share", () => {
  const side = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(fc.tuple(side, side, side), fc.double({ min: 0.3, max: 6, noNaN: true }), (shape, sigma) => {
      const values = Float32Array.from(gaussian(shape, sigma));
      const radius = energyRadius({ shape, values });
      const total = sum(values);
      let inside = 0;
      const outsideOf = (axis: number, limit: number) => {
        let outside = 0;
        values.forEach((value, index) => {
          const at = [
            Math.floor(index / (shape[1] * shape[2])),
            Math.floor(index / shape[2]) % shape[1],
            index % shape[2],
          ];
          if (Math.abs(at[axis]! - Math.floor(shape[axis]! / 2)) > limit) outside += value;
        });
        return outside;
      };
      values.forEach((value, index) => {
        const at = [
          Math.floor(index / (shape[1] * shape[2])),
          Math.floor(index / shape[2]) % shape[1],
          index % shape[2],
        ];
        if (at.every((place, axis) => Math.abs(place - Math.floor(shape[axis]! / 2)) <= radius[axis]!)) inside += value;
      });
      // float64 sums of up to 1728 terms agree to far better than 1e-9.
      assertEquals(inside >= 0.999 * total * (1 - 1e-9), true);
      radius.forEach((length, axis) => {
        if (length > 1) assertEquals(outsideOf(axis, length - 1) > total * 0.001 / 3 * (1 - 1e-9), true);
      });
    }),
    { numRuns: 60, seed: 5 },
  );
});

Deno.test("a point has the least radius and a flat PSF the whole of it", () => {
  const point = new Float32Array(9 * 9 * 9);
  point[(4 * 9 + 4) * 9 + 4] = 1;
  assertEquals(energyRadius({ shape: [9, 9, 9], values: point }), [1, 1, 1]);
  assertEquals(energyRadius({ shape: [1, 7, 8], values: new Float32Array(56).fill(1) }), [1, 3, 4]);
});
