import { assert, assertEquals } from "@std/assert";
import { clearstack } from "./clearstack.ts";
import { readWhole } from "../fixtures/read_whole.ts";
import { backendTest, readRaw, runOracle, worstDifference } from "./oracle.ts";
import { openImage } from "../stores.ts";

/**
 * Both sides run the same iterations on the same tiles, ours in float32, the pipeline's in float64. float32 transforms of a box of
 * n voxels err by about 6e-8 * log2(n) = 1e-6 of the maximum a time, and ten iterations add up to 1e-5 at worst; anything
 * placed, mirrored, padded or cropped otherwise differs by more than 1e-2. What is promised is 1e-4.
 */
const TOLERANCE = 1e-5;

const modules = ["dask.array", "zarr", "tifffile", "scipy"];

for (const backend of ["cpu", "webgpu"] as const) {
  for (const psfShape of ["16,16,16", "10,12,16"]) {
    const name = `${backend} gives what the Dask pipeline of 2020 gives, with a PSF of ${psfShape}`;
    backendTest(name, { modules, backend }, () => compare(backend, psfShape));
  }
}

async function compare(backend: "cpu" | "webgpu", psfShape: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-oracle-" });
  try {
    const [image, psf, expected, output] = ["in.zarr", "psf.tif", "out.raw", "out.zarr"].map((name) =>
      `${folder}/${name}`
    );
    const tiles = ["--tile", "32,64,64", "--iterations", "10"];
    await runOracle("make_volume.py", image, psf, "--shape", "64,128,128", "--psf-shape", psfShape);
    await runOracle("blog_pipeline.py", image, psf, expected, "--depth", "8,8,8", ...tiles);
    const settings = ["--halo", "8,8,8", "--boundary", "periodic", "--backend", backend, "--json"];
    const result = JSON.parse(await clearstack("deconvolve", image, output, "--psf", psf, ...tiles, ...settings));
    assertEquals([result.backend, result.tiles, result.iterations], [backend, 8, 10]);
    const actual = await readWhole(await openImage({ url: output }));
    const difference = worstDifference(actual, await readRaw(expected));
    assert(difference < TOLERANCE, `largest difference ${difference} of the maximum`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
