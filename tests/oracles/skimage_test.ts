import { assert } from "@std/assert";
import { readWhole } from "../fixtures/read_whole.ts";
import { clearstack } from "./clearstack.ts";
import { backendTest, readRaw, runOracle, worstDifference } from "./oracle.ts";
import { openImage } from "../stores.ts";

/**
 * scikit-image starts from a constant and takes zeros outside the image. Data that are exactly zero near the edges have a ratio
 * of zero there, so neither what lies outside nor the value of the constant reaches the result, and both sides compute the same
 * series, we in float32. Its transforms of a box of n voxels err by 6e-8 * log2(n) = 1e-6 of the brightest voxel. That changes the
 * ratio at the dimmest voxels, which hold 1/100 of the brightest, by 1e-4, and the result, dim there too, by 1e-6 of its maximum
 * an iteration.
 */
const TOLERANCE = 1e-5;

const modules = ["skimage.restoration", "zarr", "tifffile"];

for (const backend of ["cpu", "webgpu"] as const) {
  const name = `${backend} gives what scikit-image's richardson_lucy gives, away from the edges`;
  backendTest(name, { modules, backend }, () => compare(backend));
}

async function compare(backend: "cpu" | "webgpu"): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-oracle-" });
  try {
    const [image, psf, expected, output] = ["in.zarr", "psf.tif", "out.raw", "out.zarr"].map((name) =>
      `${folder}/${name}`
    );
    // Odd sides: scikit-image centres even ones one voxel further down.
    const shapes = ["--shape", "48,64,80", "--psf-shape", "9,11,13", "--zero-outside", "8"];
    await runOracle("make_volume.py", image, psf, ...shapes);
    await runOracle("skimage_richardson_lucy.py", image, psf, expected, "--iterations", "10");
    const settings = ["--iterations", "10", "--start", "flat", "--boundary", "constant", "--backend", backend];
    await clearstack("deconvolve", image, output, "--psf", psf, ...settings);
    const actual = await readWhole(await openImage({ url: output }));
    const difference = worstDifference(actual, await readRaw(expected));
    assert(difference < TOLERANCE, `largest difference ${difference} of the maximum`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
