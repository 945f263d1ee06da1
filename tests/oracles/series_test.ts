/** Times and channels, held against what numpy selects of what zarr-python reads. */
import { assert, assertEquals } from "@std/assert";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { clearstack } from "./clearstack.ts";
import { pythonTest } from "../fixtures/python.ts";
import { runOracle, runScript, suiteTest } from "./oracle.ts";

async function selectionOf(version: OmeVersion, read: (...args: string[]) => Promise<string>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-series-" });
  try {
    const [source, output] = [`${folder}/in.zarr`, `${folder}/out.zarr`];
    await runOracle("series.py", "make", source);
    // PSFs of one bright voxel leave the image as it is, so that any mix-up of volumes shows.
    for (const [name, shape] of [["a", [1, 1, 1]], ["b", [3, 3, 3]]] as const) {
      const values = new Float32Array(shape[0] * shape[1] * shape[2]);
      values[values.length >> 1] = 1;
      await Deno.writeFile(`${folder}/${name}.tif`, encodeTiff({ shape, values }));
    }
    const psfs = ["--psf", `${folder}/a.tif`, "--psf", `${folder}/b.tif`];
    const selection = ["--channel", "far red,0", "--time", "1:4:2"];
    const flags = ["--iterations", "2", "--backend", "cpu", "--tile", "5,12,20", "--ome-version", version];
    await clearstack("deconvolve", source, output, ...psfs, ...selection, ...flags);
    const { largestDifference, ...found } = JSON.parse(await read("check", source, output, "1:4:2", "2,0"));
    assertEquals(found, {
      shape: [2, 2, 5, 24, 20],
      units: ["second", null, "micrometer", "micrometer", "micrometer"],
      transformations: [
        { type: "scale", scale: [5, 1, 0.3, 0.1, 0.1] },
        { type: "translation", translation: [2.5, 0, 0, 0, 0] },
      ],
      channels: [["far red", "FF00FF"], ["DAPI", "0000FF"]],
    });
    // Float32 transforms there and back, twice an iteration: some 1e-6 of the peak; another volume differs by a tenth and more.
    assert(largestDifference < 1e-5, `${largestDifference}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

suiteTest(
  "trixie",
  "zarr-python 3 finds the selected times and channels in OME-Zarr 0.5, with scale, place, units and names",
  (python) => selectionOf("0.5", (...args) => runScript(python, "series.py", ...args)),
  ["zarr", "numpy"],
);

pythonTest({
  name: "zarr-python 2 finds the selected times and channels in OME-Zarr 0.4, with scale, place, units and names",
  fn: () => selectionOf("0.4", (...args) => runOracle("series.py", ...args)),
}, ["zarr", "numpy"]);
