/** All images of a source, from a program. */
import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError, deconvolve, deconvolveSeries, planJob } from "@clearstack/clearstack";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { readWhole } from "../../fixtures/read_whole.ts";
import { countedPages, tiffOf } from "../../fixtures/tiff_pages.ts";
import { openImage, openStore } from "../../stores.ts";
import { writePsf } from "../sample_image.ts";

const SETTINGS = { algorithm: { iterations: 1 }, backend: "cpu" } as const;

/** An OME-TIFF of two images, of 4 planes each, and a PSF. */
async function twoImages() {
  const url = memoryUrl();
  const image = (ifd: number) =>
    `<Image><Pixels DimensionOrder="XYZCT" SizeX="16" SizeY="12" SizeZ="4" SizeC="1" SizeT="1">` +
    `<TiffData IFD="${ifd}" PlaneCount="4"/></Pixels></Image>`;
  const pages = countedPages(8, [12, 16], { 270: `<OME>${image(0)}${image(4)}</OME>` });
  await openStore(url).put("two.tif", tiffOf(pages));
  await writePsf(`${url}/psf`);
  return { url, source: `${url}/two.tif`, psf: `${url}/psf` };
}

Deno.test("each image has the voxels that it has by itself, in the order of the source", async () => {
  const { url, source, psf } = await twoImages();
  const results = await deconvolveSeries(source, psf, { ...SETTINGS, output: `${url}/sharp` });
  assertEquals(results.map(({ output }) => output), [`${url}/sharp/0.zarr`, `${url}/sharp/1.zarr`]);
  for (const [index, { output, provenance }] of results.entries()) {
    const alone = await deconvolve({ url: source, path: `${index}` }, psf, SETTINGS);
    assertEquals(await readWhole(await openImage({ url: output })), alone.data);
    assertEquals((provenance.request as { source: { path: string } }).source.path, `${index}`);
  }
});

Deno.test("one result cannot stand for all images, and a plan is of one", async () => {
  const { source, psf } = await twoImages();
  const all = { url: source, series: "all" as const };
  await assertRejects(() => deconvolve(all, psf, SETTINGS), ClearstackError, "deconvolveSeries takes all images");
  await assertRejects(() => planJob(all, psf, SETTINGS), ClearstackError, "a plan is of one image");
});
