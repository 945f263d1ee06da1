/** `--series all`: each image of a source with several to an output of its own. */
import { assert, assertEquals } from "@std/assert";
import { readWhole } from "../../fixtures/read_whole.ts";
import { countedPages, tiffOf } from "../../fixtures/tiff_pages.ts";
import { openImage } from "../../stores.ts";
import { writePsf } from "../sample_image.ts";
import { runCli } from "./run_cli.ts";

Deno.test("every image of an OME-TIFF is converted and deconvolved to an output of its own, and planned one by one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const pixels = (ifd: number) =>
      `<Image><Pixels DimensionOrder="XYZCT" SizeX="16" SizeY="12" SizeZ="8" SizeC="1" SizeT="1">` +
      `<TiffData IFD="${ifd}" PlaneCount="8"/></Pixels></Image>`;
    const pages = countedPages(16, [12, 16], { 270: `<OME>${pixels(0)}${pixels(8)}</OME>` });
    await Deno.writeFile(`${folder}/a.tif`, tiffOf(pages));
    await writePsf(`${folder}/psf.zarr`);
    const convert = await runCli(["convert", `${folder}/a.tif`, `${folder}/out`, "--series", "all", "--no-pyramid"]);
    assertEquals(convert.status, 0, convert.err);
    for (const [index, name] of ["0.zarr", "1.zarr"].entries()) {
      const values = await readWhole(await openImage({ url: `${folder}/out/${name}` }));
      assertEquals([...values], Array.from({ length: 8 * 192 }, (_, at) => index * 8 * 192 + at));
    }
    const job = [`${folder}/a.tif`, `${folder}/sharp`, "--psf", `${folder}/psf.zarr`, "--series", "all"];
    const settings = ["--iterations", "1", "--backend", "cpu", "--no-pyramid", "--quiet"];
    const sharpened = await runCli(["deconvolve", ...job, ...settings]);
    assertEquals(sharpened.status, 0, sharpened.err);
    for (const name of ["0.zarr", "1.zarr"]) {
      assertEquals((await openImage({ url: `${folder}/sharp/${name}` })).info.shape, [8, 12, 16]);
    }
    const plan = await runCli(["plan", ...job, "--backend", "cpu"]);
    assertEquals(plan.status, 0, plan.err);
    assertEquals([...plan.out.matchAll(/^image (\d)$/gm)].map(([, path]) => path), ["0", "1"]);
    const drawn = await runCli(["plan", ...job, "--svg", `${folder}/plan.svg`]);
    assert(drawn.err.includes("--svg draws one plan: name one image with --path"), drawn.err);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
