/** PSFs that are computed from what an image states of its microscope. */
import { assert, assertEquals } from "@std/assert";
import { countedPages, tiffOf } from "../../../fixtures/tiff_pages.ts";
import { readWhole } from "../../../fixtures/read_whole.ts";
import { openImage } from "../../../stores.ts";
import { runCli } from "../run_cli.ts";

const LENS = '<Instrument><Objective ID="O" LensNA="0.8" Immersion="Air"/></Instrument>';
const CHANNELS = '<Channel Name="GFP" EmissionWavelength="509"/><Channel Name="red" EmissionWavelength="610"/>';
const XML = (channels: string) =>
  `<OME>${LENS}<Image><ObjectiveSettings ID="O"/><Pixels DimensionOrder="XYZCT" SizeX="16" SizeY="12" SizeZ="4" ` +
  `SizeC="2" SizeT="1" PhysicalSizeX="0.2" PhysicalSizeY="0.2" PhysicalSizeZ="0.6">${channels}<TiffData/></Pixels>` +
  `</Image></OME>`;

Deno.test("a file that states lens and wavelengths needs no PSF; its output is made again by the command it names", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = (name: string) => `${folder}/${name}`;
    await Deno.writeFile(path("a.tif"), tiffOf(countedPages(8, [12, 16], { 270: XML(CHANNELS) })));
    const settings = ["--iterations", "2", "--backend", "cpu", "--no-pyramid"];
    const { status, err } = await runCli(["deconvolve", path("a.tif"), path("out.zarr"), "--depth", "0", ...settings]);
    assertEquals(status, 0, err);
    const from = "by the image's OME-XML";
    assert(err.includes(`note: the PSFs computed for 509 and 610 nm (${from}): NA 0.8 (${from}), immersion`), err);
    const planned = await runCli(["plan", path("a.tif"), "--depth", "0", "--backend", "cpu"]);
    assert(/of channel 1 \(red\): [\dx ]+, (from [^\n]*, )?computed for 610 nm\n/.test(planned.out), planned.out);
    const made = JSON.parse((await runCli(["info", path("out.zarr"), "--json"])).out).output;
    assertEquals([made.source, made.psf, made.iterations], [path("a.tif"), "computed from optics", 2]);
    const info = JSON.parse((await runCli(["info", path("a.tif"), "--json"])).out).info;
    assertEquals(info.objective, { na: 0.8, immersionIndex: 1 });
    const table = (await runCli(["info", path("a.tif")])).out;
    assert(/lens +NA 0\.8, immersion of index 1\n/.test(table), table);

    const reproduced = await runCli(["reproduce", path("out.zarr"), "--json"]);
    assertEquals([reproduced.status, reproduced.err], [0, ""]);
    const { words } = JSON.parse(reproduced.out);
    assert(words.includes("--depth") && !words.includes("--psf"), words);
    assertEquals((await runCli(words)).status, 0);
    const [first, again] = await Promise.all(
      ["out.zarr", "out-again.zarr"].map(async (name) => await readWhole(await openImage({ url: path(name) }))),
    );
    assertEquals(again, first);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what a file does not state is asked for by its flag, before anything is written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/a.tif`, tiffOf(countedPages(8, [12, 16], { 270: XML('<Channel Name="GFP"/>') })));
    const job = ["deconvolve", `${folder}/a.tif`, `${folder}/out.zarr`, "--na", "0.75", "--backend", "cpu"];
    const { status, err } = await runCli(job);
    assertEquals(status, 2);
    assert(
      err.includes("the image does not state the emission wavelengths of channels 0 (GFP), 1: give --emission"),
      err,
    );
    const few = await runCli([...job, "--emission", "509,610,700"]);
    assert(few.err.includes("3 emission wavelengths are given for 2 channels"), few.err);
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
