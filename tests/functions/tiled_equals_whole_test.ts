import { assert, assertEquals } from "@std/assert";
import { BoundarySchema } from "shared/contract/algorithm.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { makeSample } from "functions/cli/demo/sample/make_sample.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import { readWhole } from "../fixtures/read_whole.ts";
import { runCli } from "./cli/run_cli.ts";
import { openImage, openStore } from "../stores.ts";

// The halo that `auto` chooses is to keep seams below 0.1 % of the peak at the default settings.
const SEAM_BOUND = 1e-3;

const sample = makeSample({ shape: [40, 96, 96] });
const folder = await Deno.makeTempDir();
await writeVolume(openStore(`${folder}/sample.zarr`), {
  name: "sample",
  shape: sample.shape,
  voxelMicrometre: sample.voxelMicrometre,
  values: sample.observed,
});
await Deno.writeFile(`${folder}/psf.tif`, encodeTiff({ ...sample.psf, spacingMicrometre: sample.voxelMicrometre }));

async function deconvolve(name: string, flags: readonly string[]): Promise<Float32Array> {
  const output = `${folder}/${name}.zarr`;
  const job = ["deconvolve", `${folder}/sample.zarr`, output, "--psf", `${folder}/psf.tif`, "--backend", "cpu"];
  const { status, err } = await runCli([...job, "--quiet", ...flags]);
  assertEquals(status, 0, err);
  return await readWhole(await openImage({ url: output }));
}

for (const boundary of BoundarySchema.options) {
  Deno.test(`with ${boundary} edges, tiles make the same volume as one box, within the seam bound`, async () => {
    const whole = await deconvolve(`whole-${boundary}`, ["--boundary", boundary]);
    const tiled = await deconvolve(`tiled-${boundary}`, ["--boundary", boundary, "--tile", "40,48,48"]);
    const peak = whole.reduce((a, b) => Math.max(a, b));
    const largest = whole.reduce((worst, value, i) => Math.max(worst, Math.abs(value - tiled[i]!)), 0);
    assert(largest <= SEAM_BOUND * peak, `${(100 * largest / peak).toFixed(3)} % of the peak`);
  });
}

Deno.test("without a halo the seams show: the bound above can fail", async () => {
  const whole = await deconvolve("whole", []);
  const tiled = await deconvolve("no-halo", ["--tile", "40,48,48", "--halo", "0,0,0", "--seam-check", "0"]);
  const peak = whole.reduce((a, b) => Math.max(a, b));
  assert(whole.some((value, i) => Math.abs(value - tiled[i]!) > 10 * SEAM_BOUND * peak));
});

globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
