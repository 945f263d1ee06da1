import { assert, assertEquals } from "@std/assert";
import { JobResultSchema } from "shared/contract/job_status.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import { noisyBars } from "../fixtures/bars.ts";
import { readWhole } from "../fixtures/read_whole.ts";
import { runCli } from "./cli/run_cli.ts";
import { openImage, openStore } from "../stores.ts";

// What docs/algorithms.md promises of the halo that `auto` chooses, at the 100 plain iterations of the 2020 pipeline: many more
// than the default, and each carries what a box makes up beyond its rim further in.
const SEAM_BOUND = 1e-3;

Deno.test("after 100 iterations on bars, tiles agree with the whole volume, and the certificate says so", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { shape, counted, psf } = noisyBars([12, 144, 144], 400);
    const voxelMicrometre = [1, 1, 1] as const;
    const source = { name: "bars", shape, voxelMicrometre, values: Float32Array.from(counted) };
    await writeVolume(openStore(`${folder}/bars.zarr`), source);
    await Deno.writeFile(`${folder}/psf.tif`, encodeTiff({ ...psf, spacingMicrometre: voxelMicrometre }));
    const deconvolve = async (name: string, flags: readonly string[]) => {
      const output = `${folder}/${name}.zarr`;
      const job = [
        "deconvolve",
        `${folder}/bars.zarr`,
        output,
        "--psf",
        `${folder}/psf.tif`,
        "--boundary",
        "symmetric",
      ];
      const settings = ["--iterations", "100", "--backend", "cpu", "--json"];
      const { status, out, err } = await runCli([...job, ...settings, ...flags]);
      assertEquals(status, 0, err);
      const { seam, tiles } = JobResultSchema.parse(JSON.parse(out));
      return { values: await readWhole(await openImage({ url: output })), seam, tiles };
    };
    const whole = await deconvolve("whole", []);
    const tiled = await deconvolve("tiled", ["--tile", "12,72,72", "--seam-check", "2"]);
    assertEquals([whole.tiles, tiled.tiles], [1, 4]);
    const peak = whole.values.reduce((a, b) => Math.max(a, b));
    const largest = whole.values.reduce((worst, value, i) => Math.max(worst, Math.abs(value - tiled.values[i]!)), 0);
    assert(largest <= SEAM_BOUND * peak, `${(100 * largest / peak).toFixed(3)} % of the peak`);
    assert(tiled.seam!.largest <= SEAM_BOUND, `the certificate says ${(100 * tiled.seam!.largest).toFixed(3)} %`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
