/** Coarser levels of converted images, held against means that numpy takes of what zarr-python reads. */
import { assertEquals } from "@std/assert";
import type { Dtype } from "shared/contract/image_info.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";
import { writeRawZarr } from "../fixtures/raw_zarr.ts";
import { runCli } from "../functions/cli/run_cli.ts";
import { pythonTest } from "../fixtures/python.ts";
import { runOracle, runScript, suiteTest } from "./oracle.ts";

interface Found {
  readonly levels: readonly { readonly shape: number[]; readonly dtype: string; readonly largestDifference?: number }[];
  readonly type: string;
}

/** Whole numbers, signed where the type is: numpy's float64 sums of them are exact. */
function voxelsOf(dtype: Dtype, length: number): Uint8Array {
  const values = new VOXEL_ARRAYS[dtype](length);
  for (let i = 0; i < length; i++) {
    const value = dtype === "bool" ? (i * 7919) % 5 % 2 : (i * 7919) % 251 - (dtype.startsWith("u") ? 0 : 125);
    values[i] = (dtype.endsWith("t64") && !dtype.startsWith("f") ? BigInt(value) : value) as never;
  }
  return new Uint8Array(values.buffer);
}

async function checkLevels(flags: readonly string[], read: (url: string) => Promise<string>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-converted-" });
  try {
    const shape = [2, 2, 3, 5, 521];
    for (const dtype of ["bool", "int8", "uint16", "int64", "float16"] as const) {
      const [source, output] = [`${folder}/${dtype}.zarr`, `${folder}/${dtype}-out.zarr`];
      await writeRawZarr(source, { dtype, shape, bytes: voxelsOf(dtype, 2 * 2 * 3 * 5 * 521) });
      assertEquals((await runCli(["convert", source, output, ...flags, "--quiet"])).status, 0);
      const found: Found = JSON.parse(await read(output));
      assertEquals(found.type, "mean");
      assertEquals(
        found.levels.map(({ shape, dtype, largestDifference = 0 }) => [shape, dtype, largestDifference]),
        [[2, 2, 3, 5, 521], [2, 2, 2, 3, 261], [2, 2, 1, 2, 131]].map((shape) => [shape, dtype, 0]),
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

suiteTest(
  "trixie",
  "zarr-python 3 finds each level of a conversion to OME-Zarr 0.5 to be numpy's rounded means of the one before",
  (python) => checkLevels([], (url) => runScript(python, "check_levels.py", url)),
);

// The image ends within a chunk and within a shard.
suiteTest(
  "trixie",
  "and so it does where chunks share shards, in all levels",
  (python) => checkLevels(["--shards", "2,8,256"], (url) => runScript(python, "check_levels.py", url)),
);

pythonTest({
  name: "zarr-python 2 finds each level of a conversion to OME-Zarr 0.4 to be numpy's rounded means of the one before",
  fn: () => checkLevels(["--ome-version", "0.4"], (url) => runOracle("check_levels.py", url)),
}, ["zarr", "numpy"]);
