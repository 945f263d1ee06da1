import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { axesOf } from "shared/image/axes.ts";
import { fractionOf } from "shared/image/tiff/write/fraction.ts";
import { planeBytes } from "shared/image/tiff/write/plane_bytes.ts";
import { tiffForm, tiffLayout } from "shared/image/tiff/write_tiff.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { pythonTest, runPython } from "../../../fixtures/python.ts";
import { readVolumes } from "../../../fixtures/read_whole.ts";
import { patternedVoxels, writeZarr } from "../../../functions/sample_image.ts";
import { openImage, openStore } from "../../../stores.ts";

const SHAPE = [2, 3, 5, 7, 6];

Deno.test("resolutions are the simplest fraction of 32 bits that is what was meant", () => {
  assertEquals(fractionOf(1 / 0.104), [125, 13]);
  assertEquals(fractionOf(4), [4, 1]);
  assertEquals(fractionOf(1 / 3), [1, 3]);
  for (const value of [Math.PI, 1e-9, 1e9, 12345.6789, 1 / 0.1038]) {
    const [numerator, denominator] = fractionOf(value);
    assert(numerator < 2 ** 32 && denominator < 2 ** 32 && numerator > 0 && denominator > 0);
    // Convergents p/q are within 1/q^2 of the value; with 32 bits for both that is 1e-9 of these values.
    assert(Math.abs(numerator / denominator / value - 1) < 1e-9, `${value}: ${numerator}/${denominator}`);
  }
  assertEquals([fractionOf(1e12), fractionOf(1e-12)], [[2 ** 32 - 1, 1], [1, 2 ** 32 - 1]]);
});

Deno.test("the form follows name, type and size", () => {
  const info = (dtype: ImageInfo["dtype"], shape = SHAPE) => ({ dtype, shape, axes: axesOf("tczyx") });
  assertEquals(tiffForm(info("uint16"), "a.tif"), { kind: "imagej", bigTiff: false });
  assertEquals(tiffForm(info("uint16"), "a.OME.TIFF"), { kind: "ome", bigTiff: false });
  assertEquals(tiffForm(info("float64"), "a.tif"), { kind: "ome", bigTiff: false });
  assertEquals(tiffForm(info("uint8", [1, 1, 2048, 2048, 2048]), "a.tif"), { kind: "ome", bigTiff: true });
  assertThrows(() => tiffForm(info("int64"), "a.tif"), ClearstackError, "ends in .zarr");
  assertThrows(() => tiffForm(info("uint8", [600, 1, 500, 4, 4]), "a.tif"), ClearstackError, "300000 pages");
});

/** A TIFF of an image in memory, in one of the forms. */
async function written(kind: "imagej" | "ome", bigTiff: boolean, budgetBytes: number) {
  const url = memoryUrl();
  const values = patternedVoxels(SHAPE);
  await writeZarr(`${url}/in.zarr`, { shape: SHAPE, chunk: [1, 1, 2, 3, 4], values });
  const image = await openImage({ url: `${url}/in.zarr` });
  const units = ["second", undefined, "micrometer", "micrometer", "micrometer"];
  const info = { ...image.info, axes: axesOf("tczyx", units), scale: [2, 1, 0.5, 0.25, 0.1] };
  const channels = [{ name: "<a> & \u00b5", color: "FF0000" }, { name: "b" }, { color: "00FF00" }];
  const layout = tiffLayout({ info, channels, name: "x", record: { at: "\u00b5" } }, { kind, bigTiff });
  const order = kind === "imagej" ? ["t", "z", "c"] as const : ["t", "c", "z"] as const;
  async function* pieces() {
    yield layout.head;
    yield* planeBytes(image, { order, budgetBytes });
    yield* layout.directories();
  }
  await openStore(url).putPieces("out.tif", pieces(), { totalBytes: layout.totalBytes });
  assertEquals((await openStore(url).head("out.tif"))!.size, layout.totalBytes);
  return { url: `${url}/out.tif`, values: Float32Array.from(values), info };
}

for (const kind of ["imagej", "ome"] as const) {
  for (const bigTiff of [false, true]) {
    // All planes of a chunk and all channels; a plane at a time; bands of rows of a plane.
    for (const budgetBytes of [2 ** 20, 7 * 6 * 2 * 3, 3 * 6 * 2]) {
      const what = `${bigTiff ? "BigTIFF" : "TIFF"} of the form ${kind}, with ${budgetBytes} bytes of voxels held`;
      Deno.test(`a ${what}, is read as it was written`, async () => {
        const { url, values, info } = await written(kind, bigTiff, budgetBytes);
        const image = await openImage({ url });
        assertEquals([image.info.axes, image.info.scale], [info.axes, info.scale]);
        assertEquals(await readVolumes(image), values);
        const colors = kind === "ome" ? ["FF0000", undefined, "00FF00"] : [undefined, undefined, undefined];
        const names = ["<a> & \u00b5", "b", undefined];
        assertEquals(image.info.channels?.map(({ color }) => color), colors);
        assertEquals(image.info.channels?.map(({ name }) => name), names);
      });
    }
  }
}

pythonTest({
  name: "tifffile reads a BigTIFF of ours",
  async fn() {
    const { url, values } = await written("ome", true, 2 ** 20);
    const file = await Deno.makeTempFile({ suffix: ".ome.tif" });
    try {
      const [, base] = /^(.+)\/out\.tif$/.exec(url)!;
      await Deno.writeFile(file, (await openStore(base!).get("out.tif"))!);
      const code = `
import tifffile, json
with tifffile.TiffFile("${file}") as tiff:
    assert tiff.is_bigtiff and tiff.is_ome
    print(json.dumps([tiff.series[0].axes, tiff.asarray().ravel().tolist()]))`;
      assertEquals(JSON.parse(await runPython("-c", code)), ["TCZYX", [...values]]);
    } finally {
      await Deno.remove(file);
    }
  },
});
