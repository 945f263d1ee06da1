/** Files made to keep a reader busy. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { countedPages, rational, short, tiffOf } from "../../fixtures/tiff_pages.ts";
import { openImage, openStore } from "../../stores.ts";

const PLANE = [3, 5] as const;

async function put(bytes: Uint8Array): Promise<string> {
  const url = memoryUrl();
  await openStore(url).put("hostile.tif", bytes);
  return `${url}/hostile.tif`;
}

/** Offsets of the directories, and where each has the offset of the next. */
function links(bytes: Uint8Array): { readonly directories: number[]; readonly links: number[] } {
  const view = new DataView(bytes.buffer);
  const directories: number[] = [];
  const places = [4];
  for (let at = view.getUint32(4, true); at !== 0; at = view.getUint32(places.at(-1)!, true)) {
    directories.push(at);
    places.push(at + 2 + 12 * view.getUint16(at, true));
  }
  return { directories, links: places };
}

for (const [from, to] of [[0, 0], [2, 0], [2, 1], [2, 2]] as const) {
  Deno.test(`directories that go in a circle, ${from} back to ${to}, are refused`, async () => {
    const bytes = tiffOf(countedPages(from + 1, PLANE));
    const { directories, links: places } = links(bytes);
    new DataView(bytes.buffer).setUint32(places[from + 1]!, directories[to]!, true);
    const url = await put(bytes);
    const error = await assertRejects(() => openImage({ url }), ClearstackError, "go in a circle");
    assertEquals(error.kind, "corrupt-data");
  });
}

Deno.test("a chain of more directories than any image has is given up, and a cancelled one at once", async () => {
  // One entry each, back to back: the smallest directories that there can be.
  const count = 2 ** 18 + 1;
  const bytes = new Uint8Array(8 + 18 * count);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0, 8]);
  for (let index = 0; index < count; index++) {
    const at = 8 + 18 * index;
    view.setUint16(at, 1, true);
    view.setUint16(at + 2, 256, true);
    view.setUint16(at + 4, 3, true);
    view.setUint32(at + 6, 1, true);
    view.setUint32(at + 14, index + 1 < count ? at + 18 : 0, true);
  }
  const url = await put(bytes);
  const error = await assertRejects(() => openImage({ url }), ClearstackError, "more than 262144 pages");
  assertEquals(error.kind, "unsupported");
  const stop = AbortSignal.abort();
  assertEquals((await assertRejects(() => openImage({ url }, { signal: stop }), ClearstackError)).kind, "cancelled");
});

Deno.test("a directory of values that the file has no room for is corrupt-data before room is made", async () => {
  const bytes = tiffOf(countedPages(1, PLANE));
  const view = new DataView(bytes.buffer);
  const { directories: [directory] } = links(bytes);
  for (let entry = directory! + 2; entry < bytes.length - 4; entry += 12) {
    if (view.getUint16(entry, true) === 273) view.setUint32(entry + 4, 2 ** 30, true);
  }
  const url = await put(bytes);
  const error = await assertRejects(() => openImage({ url }), ClearstackError, "tag 273");
  assertEquals(error.kind, "corrupt-data");
});

Deno.test("a resolution that is no fraction is no voxel size, and one that lies outside the file is corrupt-data", async () => {
  const whole = tiffOf(countedPages(1, PLANE, { 283: short(3) }));
  const { info } = await openImage({ url: await put(whole) });
  assertEquals(info.scale, [1, 1]);
  assertMatch(info.warnings![0]!.message, /y: YResolution is no fraction/);
  const bytes = tiffOf(countedPages(1, PLANE, { 282: rational(2, 1) }));
  const view = new DataView(bytes.buffer);
  for (let entry = links(bytes).directories[0]! + 2; entry < bytes.length - 4; entry += 12) {
    if (view.getUint16(entry, true) === 282) view.setUint32(entry + 8, bytes.length, true);
  }
  const url = await put(bytes);
  assertEquals((await assertRejects(() => openImage({ url }), ClearstackError)).kind, "corrupt-data");
});

Deno.test("an image whose width or height is 0 has no voxels, and one that states none is corrupt-data", async () => {
  for (const [tag, axis] of [[256, "x"], [257, "y"]] as const) {
    const url = await put(tiffOf(countedPages(1, PLANE, { [tag]: short(0) })));
    const error = await assertRejects(() => openImage({ url }), ClearstackError, `its ${axis} axis has length 0`);
    assertEquals(error.kind, "unsupported");
    const unstated = await put(tiffOf(countedPages(1, PLANE, { [tag]: short() })));
    assertEquals((await assertRejects(() => openImage({ url: unstated }), ClearstackError)).kind, "corrupt-data");
  }
});

const ome = (pixels: string, inside: string) =>
  `<OME><Image><Pixels DimensionOrder="XYZCT" SizeX="5" SizeY="3" ${pixels}>${inside}</Pixels></Image></OME>`;
const one = 'SizeC="1" SizeT="1" SizeZ="1"';

const HOSTILE: readonly (readonly [name: string, text: string, kind: string])[] = [
  [
    "eight million planes in one page",
    ome('SizeC="1" SizeT="1" SizeZ="8000000"', "<TiffData/>"),
    "unsupported",
  ],
  [
    "more planes than a number counts",
    ome('SizeC="4000000000" SizeT="4000000000" SizeZ="1"', "<TiffData/>"),
    "unsupported",
  ],
  [
    "more planes than a number counts in two files",
    ome(
      'SizeC="4000000000" SizeT="2" SizeZ="1"',
      '<TiffData IFD="0"><UUID FileName="a.tif">a</UUID></TiffData><TiffData FirstT="1"><UUID FileName="b.tif">b</UUID></TiffData>',
    ),
    "unsupported",
  ],
  ["planes of no number", ome('SizeC="1" SizeT="1" SizeZ="-3"', "<TiffData/>"), "corrupt-data"],
  ["comments that begin and do not end", `<OME>${"<!--".repeat(500_000)}`, "corrupt-data"],
  ["elements that begin and do not end", `<OME>${"<UUID ".repeat(300_000)}`, "corrupt-data"],
  ["TiffData without end", ome(one, "<TiffData ".repeat(200_000)), "corrupt-data"],
  ["TiffData again and again", ome(one, "<TiffData/>".repeat(150_000)), "corrupt-data"],
  ["elements inside elements", `<OME>${"<a>".repeat(300_000)}`, "unsupported"],
  ["more elements than are read", ome(one, "<a/>".repeat(300_000)), "unsupported"],
  ["more text than is read", ome(one, "x".repeat(2 ** 23)), "unsupported"],
  ["one attribute of megabytes", `<OME a="${"x".repeat(2 ** 22)}`, "corrupt-data"],
];

for (const [name, text, kind] of HOSTILE) {
  Deno.test(`OME-XML of ${name} is refused, and other work goes on meanwhile`, async () => {
    const url = await put(tiffOf(countedPages(1, PLANE, { 270: text })));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    try {
      const error = await assertRejects(() => openImage({ url }), ClearstackError);
      assertEquals(error.kind, kind, error.message);
    } finally {
      clearInterval(timer);
    }
    // What needs many slices lets others have their turn between them; what is refused at once needs none.
    if (name === "TiffData again and again") assert(turns > 10, `${turns} turns`);
  });
}

Deno.test("OME-XML in pieces reads as in one: names with prefixes, entities, a declaration", async () => {
  const planes = Array.from({ length: 700 }, (_, z) => `<ome:TiffData IFD="${699 - z}" FirstZ="${z}"/>`).join("\n");
  const text = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- a comment -->\n<ome:OME xmlns:ome="urn:x"><ome:Image>' +
    `<ome:Pixels DimensionOrder="XYZCT" SizeX="5" SizeY="3" SizeC="1" SizeT="1" SizeZ="700" PhysicalSizeX="0.5" ` +
    `PhysicalSizeY="0.5" PhysicalSizeZ="2" PhysicalSizeXUnit="&#181;m" PhysicalSizeYUnit="\u00b5m">` +
    `<ome:Channel Name="a &amp; b"/>${planes}</ome:Pixels></ome:Image></ome:OME>`;
  const { info, readChunk } = await openImage({ url: await put(tiffOf(countedPages(700, PLANE, { 270: text }))) });
  assertEquals([info.shape, info.scale, info.axes[1]!.unit], [[700, 3, 5], [2, 0.5, 0.5], "micrometer"]);
  assertEquals(info.channels, [{ name: "a & b" }]);
  assertEquals((await readChunk([0, 0, 0])).values[0], 699 * 15 % 65536);
});

Deno.test("pages that are marked as reduced or as masks are no planes; where all are marked, all are", async () => {
  const pages = countedPages(3, PLANE);
  const marked = (tag: number, value: number) => ({
    plane: [1, 2] as const,
    values: new Uint16Array(2),
    tags: { [tag]: short(value) },
  });
  const mixed = pages.flatMap((page) => [page, marked(254, 1), marked(254, 4), marked(255, 2)]);
  const image = await openImage({ url: await put(tiffOf(mixed)) });
  assertEquals(image.info.shape, [3, 3, 5]);
  for (let page = 0; page < 3; page++) {
    assertEquals([...(await image.readChunk([page, 0, 0])).values as Uint16Array], [
      ...pages[page]!.values as Uint16Array,
    ]);
  }
  const all = pages.map((page) => ({ ...page, tags: { 254: short(1) } }));
  assertEquals((await openImage({ url: await put(tiffOf(all)) })).info.shape, [3, 3, 5]);
});

Deno.test("a pattern of many stars is tried in no more steps than its length times that of a name", async () => {
  const url = memoryUrl();
  await openStore(url).put(`${"a".repeat(200)}.tif`, new Uint8Array(8));
  // A backtracking matcher would take about 200 to the power of 40 steps to say no.
  await assertRejects(() => openImage({ url: `${url}/${"*a".repeat(40)}*b.tif` }), ClearstackError, "no TIFF");
});

Deno.test("compressions whose decoders nothing bounds are refused when the file is opened, by their names", async () => {
  for (const [code, name] of [[34887, "LERC"], [50001, "WebP"], [34712, "JPEG 2000"], [12345, "compression 12345"]]) {
    const url = await put(tiffOf(countedPages(1, PLANE, { 259: short(code as number) })));
    const error = await assertRejects(() => openImage({ url }), ClearstackError);
    assertEquals(error.kind, "unsupported");
    assertMatch(error.message, new RegExp(`is compressed by ${name}, which is not read; store it with`));
  }
});
