/** Coarser levels, held against means that numpy takes of what zarr-python reads. */
import { assert, assertEquals } from "@std/assert";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import { clearstack } from "./clearstack.ts";
import { pythonTest } from "../fixtures/python.ts";
import { runOracle, runScript, suiteTest } from "./oracle.ts";
import { openStore } from "../stores.ts";

interface Found {
  readonly levels: readonly {
    readonly shape: number[];
    readonly dtype: string;
    readonly scale: number[];
    readonly translation?: number[];
    readonly largestDifference?: number;
  }[];
  readonly type: string;
  readonly channels: readonly { readonly window: { readonly min: number; readonly max: number } }[];
}

async function levelsOf(version: OmeVersion, read: (url: string) => Promise<string>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-levels-" });
  try {
    const shape = [5, 37, 521] as const;
    const values = Uint16Array.from({ length: 5 * 37 * 521 }, (_, index) => 50 + (index * 7919) % 1000);
    const source = { name: "noise", shape, voxelMicrometre: [0.2, 0.1, 0.1] as const, values };
    await writeVolume(openStore(`${folder}/in.zarr`), source);
    const psf = encodeTiff({ shape: [3, 3, 3], values: new Float32Array(27).fill(1) });
    await Deno.writeFile(`${folder}/psf.tif`, psf);
    const output = `${folder}/out.zarr`;
    const flags = ["--psf", `${folder}/psf.tif`, "--iterations", "2", "--backend", "cpu", "--ome-version", version];
    await clearstack("deconvolve", `${folder}/in.zarr`, output, ...flags);
    const found: Found = JSON.parse(await read(output));
    assertEquals(found.type, "mean");
    assertEquals(found.levels.map((level) => [level.shape, level.dtype]), [
      [[5, 37, 521], "float32"],
      [[5, 19, 261], "float32"],
      [[3, 10, 131], "float32"],
    ]);
    assertEquals(found.levels.map((level) => level.scale), [[0.2, 0.1, 0.1], [0.2, 0.2, 0.2], [0.4, 0.4, 0.4]]);
    // Micrometres to 1e-9: sums of decimal fractions in binary.
    const places = found.levels.slice(1).map((level) => level.translation!.map((side) => Math.round(side * 1e9) / 1e9));
    assertEquals(places, [[0, 0.05, 0.05], [0.1, 0.15, 0.15]]);
    for (const { largestDifference } of found.levels.slice(1)) {
      // Sums in another order may round to the float32 beside: half a part in 2^23.
      assert(largestDifference! <= 2 ** -23, `${largestDifference}`);
    }
    assert(found.channels.length === 1 && found.channels[0]!.window.max > found.channels[0]!.window.min);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

suiteTest(
  "trixie",
  "zarr-python 3 finds each level of OME-Zarr 0.5 to be numpy's means of the one before",
  (python) => levelsOf("0.5", (url) => runScript(python, "check_levels.py", url)),
);

pythonTest({
  name: "zarr-python 2 finds each level of OME-Zarr 0.4 to be numpy's means of the one before",
  fn: () => levelsOf("0.4", (url) => runOracle("check_levels.py", url)),
}, ["zarr", "numpy"]);
