import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { listSeries } from "shared/image/list_series.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { countedPages, tiffOf } from "../../fixtures/tiff_pages.ts";
import { writeZarr3 } from "../../fixtures/zarr3.ts";
import { openStore } from "../../stores.ts";

const access = { environment: { env: () => undefined } };

/** Groups of OME-Zarr 0.5 by their paths. */
async function groups(attributes: Readonly<Record<string, Record<string, unknown>>>): Promise<string> {
  const url = memoryUrl();
  for (const [path, ome] of Object.entries(attributes)) {
    const document = { zarr_format: 3, node_type: "group", attributes: { ome } };
    const key = path === "" ? "zarr.json" : `${path}/zarr.json`;
    await openStore(url).put(key, new TextEncoder().encode(JSON.stringify(document)));
  }
  return url;
}

const image = { multiscales: [{ datasets: [{ path: "0", coordinateTransformations: [] }] }] };
const fields = (...paths: string[]) => ({ well: { images: paths.map((path) => ({ path })) } });

Deno.test("a plate is the fields of its wells, a well its fields, an image itself", async () => {
  const wells = ["A/1", "A/2", "B/1"].map((path) => ({ path }));
  const plate = await groups({ "": { plate: { wells } }, "A/1": fields("0", "1"), "A/2": fields("0"), "A/1/0": image });
  // B/1 was planned and never taken.
  assertEquals(await listSeries({ url: plate }, access), ["A/1/0", "A/1/1", "A/2/0"]);
  assertEquals(await listSeries({ url: plate, path: "A/1" }, access), ["A/1/0", "A/1/1"]);
  assertEquals(await listSeries({ url: plate, path: "A/1/0" }, access), ["A/1/0"]);
});

Deno.test("a conversion is its series, also where there are more than a message lists; other groups are what is in them", async () => {
  const layout = { "bioformats2raw.layout": 3 };
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}`, image]));
  assertEquals((await listSeries({ url: await groups({ "": layout, ...many }) }, access)).length, 20);
  assertEquals(await listSeries({ url: await groups({ "": layout, "OME": { series: ["b", "a"] } }) }, access), [
    "b",
    "a",
  ]);
  const plain = await groups({ "": {}, "x": image });
  await writeZarr3(plain, { shape: [1, 1], chunk: [1, 1], dtype: "uint16", values: [1] }, "y");
  assertEquals(await listSeries({ url: plain }, access), ["x", "y"]);
});

Deno.test("an OME-TIFF is its images, any other TIFF one", async () => {
  const pixels =
    '<Image><Pixels SizeX="5" SizeY="3" SizeZ="1" SizeC="1" SizeT="1"><TiffData IFD="0"/></Pixels></Image>';
  const url = memoryUrl();
  await openStore(url).put("a.tif", tiffOf(countedPages(3, [3, 5], { 270: `<OME>${pixels.repeat(3)}</OME>` })));
  await openStore(url).put("b.tif", tiffOf(countedPages(3, [3, 5])));
  assertEquals(await listSeries({ url: `${url}/a.tif` }, access), ["0", "1", "2"]);
  assertEquals(await listSeries({ url: `${url}/b.tif` }, access), [""]);
  await assertRejects(() => listSeries({ url: `${url}/c.tif` }, access), ClearstackError, "does not exist");
});

Deno.test("what is not there is told as wherever an image is opened, and a TIFF by name as a TIFF", async () => {
  const url = memoryUrl();
  const refused = (name: string, message: string) =>
    assertRejects(() => listSeries({ url: `${url}/${name}` }, access), ClearstackError, message);
  await refused("none.zarr", "does not exist, or holds no zarr.json, .zarray or .zgroup");
  await refused("none.tif", "does not exist, or holds no TIFF");
});

Deno.test("where not all images of a group can be looked for, none is left out in silence", async () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`, image]));
  assertEquals((await listSeries({ url: await groups({ "": {}, ...many(499) }) }, access)).length, 499);
  const over = await groups({ "": {}, ...many(500) });
  const error = await assertRejects(() => listSeries({ url: over }, access), ClearstackError, "more than 500 folders");
  assertEquals([error.kind, error.limit], ["unsupported", 500]);
});
