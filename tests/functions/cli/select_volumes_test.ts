/** Channels and times from the command line to the output. */
import { assert, assertEquals } from "@std/assert";
import { PlanSchema } from "shared/contract/plan.ts";
import { readVolumes } from "../../fixtures/read_whole.ts";
import { pickVolumes, writeSeries } from "../../fixtures/series.ts";
import { patternedVoxels, writePsf } from "../sample_image.ts";
import { besideWarnings, runCli } from "./run_cli.ts";
import { openImage } from "../../stores.ts";

const SHAPE = [4, 3, 4, 12, 10] as const;

Deno.test("two channels at two times, each with its own PSF, from the command line to a file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const names = ["DAPI", "GFP", "far red"];
    await writeSeries(`${folder}/cells.zarr`, {
      ...{ shape: SHAPE, chunk: [1, 3, 4, 12, 10], values: patternedVoxels(SHAPE), names },
    });
    await writePsf(`${folder}/a.zarr`, [1, 3, 3]);
    await writePsf(`${folder}/b.zarr`, [3, 3, 3]);
    const cells = `${folder}/cells.zarr`;
    // With other boundaries a scale and a mean would be decided for all volumes of a channel, and for one that is alone.
    const settings = [
      "--backend",
      "cpu",
      "--iterations",
      "2",
      "--boundary",
      "symmetric",
      "--tile",
      "4,12,10",
      "--halo",
      "2,2,2",
    ];
    const psfs = ["--psf", `${folder}/a.zarr`, "--psf", `${folder}/b.zarr`];
    const selection = ["--channel", "far red,0", "--time", "1::2"];

    const table = await runCli(["plan", cells, ...psfs, ...selection, ...settings]);
    assertEquals([table.status, besideWarnings(table.err)], [0, ""]);
    for (
      const line of [
        "source         2 x 2 x 4 x 12 x 10 uint16 (tczyx)",
        "selected       channels 2 (far red), 0 (DAPI); 2 times from 1, one in 2",
        "PSF            of channel 2 (far red): 1 x 3 x 3, PSF 1 of the request",
        "               of channel 0 (DAPI): 3 x 3 x 3, PSF 2 of the request",
      ]
    ) assert(table.out.includes(line), table.out);
    const plan = PlanSchema.parse(
      JSON.parse((await runCli(["plan", cells, ...psfs, ...selection, ...settings, "--json"])).out),
    );
    assertEquals([plan.tiles, plan.source.channels?.map(({ name }) => name)], [4, ["far red", "DAPI"]]);

    const run = await runCli(["deconvolve", cells, `${folder}/out.zarr`, ...psfs, ...selection, ...settings]);
    assertEquals([run.status, besideWarnings(run.err)], [0, ""]);
    const out = await openImage({ url: `${folder}/out.zarr` });
    assertEquals([out.info.shape, out.info.scale[0], out.info.translation?.[0]], [[2, 2, 4, 12, 10], 10, 5]);
    assertEquals(out.info.channels, [
      { name: "far red", color: "000020", emissionNanometres: 550 },
      { name: "DAPI", color: "000000", emissionNanometres: 450 },
    ]);

    const single = ["--channel", "DAPI", "--time", "3", "--psf", `${folder}/b.zarr`];
    assertEquals((await runCli(["deconvolve", cells, `${folder}/one.zarr`, ...single, ...settings])).status, 0);
    const one = await readVolumes(await openImage({ url: `${folder}/one.zarr` }));
    assertEquals(one, pickVolumes(await readVolumes(out), [2, 2], { times: [1], channels: [1] }));

    const bad = await runCli(["plan", cells, ...psfs.slice(0, 2), "--channel", "Cy5", ...settings]);
    assertEquals([bad.status, bad.out], [2, ""]);
    assert(bad.err.includes("there is no channel Cy5: choose from 0 (DAPI), 1 (GFP), 2 (far red)"), bad.err);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
