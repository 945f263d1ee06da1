import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { type OneDirectory, oneDirectoryTiff } from "../../fixtures/one_directory_tiff.ts";
import { serveRanges } from "../../fixtures/servers/range_server.ts";
import { readVolumes, readWhole } from "../../fixtures/read_whole.ts";
import { openImage, openStore, reopenImage } from "../../stores.ts";

const PLANE = [3, 5] as const;

function counted<Values extends Uint8Array | Uint16Array | Float32Array>(
  Values: new (length: number) => Values,
  pages: number,
): Values {
  return new Values(pages * 15).map((_, index) => (index * 37 + 5) % 251) as Values;
}

async function inMemory(file: OneDirectory, change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes) {
  const url = memoryUrl();
  await openStore(url).put("stack.tif", change(oneDirectoryTiff(file)));
  return `${url}/stack.tif`;
}

for (const bigEndian of [false, true]) {
  for (const Values of [Uint8Array, Uint16Array, Float32Array]) {
    const order = bigEndian ? "big" : "little";
    Deno.test(`a raw ${Values.name} stack behind one directory is read whole, ${order}-endian`, async () => {
      const values = counted<Uint8Array | Uint16Array | Float32Array>(Values, 4);
      const description = "ImageJ=1.53t\nimages=4\nslices=4\nunit=um\nspacing=0.5\nloop=false\n";
      const image = await openImage({
        url: await inMemory({ plane: PLANE, values, description, bigEndian, perUnit: 8 }),
      });
      assertEquals([image.info.shape, image.info.chunkShape], [[4, 3, 5], [1, 3, 5]]);
      assertEquals(image.info.scale, [0.5, 0.125, 0.125]);
      assertEquals(await readWhole(image), Float32Array.from(values));
      assertEquals((await image.readChunk([2, 0, 0])).storedBytes, 15 * values.BYTES_PER_ELEMENT);
      assertEquals((await reopenImage(image.info)).info, image.info);
    });
  }
}

Deno.test("in a raw hyperstack channels change first, then planes, then times", async () => {
  const description = "ImageJ=1.53t\nimages=12\nchannels=2\nslices=3\nframes=2\nhyperstack=true\nfinterval=3\n";
  const values = counted(Uint16Array, 12);
  const image = await openImage({ url: await inMemory({ plane: PLANE, values, description }) });
  assertEquals(image.info.axes.map((axis) => axis.name).join(""), "tczyx");
  assertEquals([image.info.shape, image.info.chunkShape], [[2, 2, 3, 3, 5], [1, 1, 1, 3, 5]]);
  assertEquals([image.info.scale, image.info.axes[0]!.unit], [[3, 1, 1, 1, 1], "second"]);
  const read = await readVolumes(image);
  for (let page = 0; page < 12; page++) {
    const [c, z, t] = [page % 2, Math.floor(page / 2) % 3, Math.floor(page / 6)];
    const at = ((t * 2 + c) * 3 + z) * 15;
    assertEquals(read.slice(at, at + 15), Float32Array.from(values.slice(page * 15, (page + 1) * 15)));
  }
});

Deno.test("a raw stack that is cut short, compressed, or counts its pages in two ways is refused", async () => {
  const file = { plane: PLANE, values: counted(Uint16Array, 4), description: "ImageJ=1.53t\nimages=4\nslices=4\n" };
  const cases = [
    [inMemory(file, (bytes) => bytes.slice(0, -1)), "corrupt-data", "says it has 4 images and ends after 3"],
    [inMemory({ ...file, compression: 8 }), "unsupported", "compressed or scattered"],
    [
      inMemory({ ...file, description: "ImageJ=1.53t\nimages=4\nslices=2\nchannels=3\n" }),
      "unsupported",
      "does not make 4 images",
    ],
  ] as const;
  for (const [url, kind, message] of cases) {
    const location = { url: await url };
    const error = await assertRejects(() => openImage(location), ClearstackError, message);
    assertEquals(error.kind, kind);
  }
});

const ome = (inside: string, size = 'SizeX="5" SizeY="3" SizeC="1" SizeZ="1" SizeT="1"') =>
  `<?xml version="1.0"?><OME><Image ID="Image:0"><Pixels DimensionOrder="XYZCT" ${size}>${inside}</Pixels></Image></OME>`;

Deno.test("an OME-TIFF whose other files are not there, or of several images, is refused by name", async () => {
  const uuid = (name: string, z: number) =>
    `<TiffData FirstZ="${z}" IFD="0"><UUID FileName="${name}">urn</UUID></TiffData>`;
  const cases = [
    [
      ome(uuid("a.ome.tif", 0) + uuid("b.ome.tif", 1), 'SizeZ="2"'),
      "of which 2 are not beside it (a.ome.tif, b.ome.tif)",
      "not-found",
    ],
    [
      '<OME><BinaryOnly MetadataFile="all.companion.ome" UUID="urn"/></OME>',
      "metadata are in all.companion.ome",
      "not-found",
    ],
    [
      ome("").replace("</OME>", '<Image><Pixels SizeX="5" SizeY="3"/></Image></OME>'),
      "OME-TIFF of 2 images",
      "invalid-request",
    ],
    [ome("", 'SizeZ="2"'), "says it has 2 images and lists 1", "unsupported"],
  ] as const;
  for (const [description, message, kind] of cases) {
    const url = await inMemory({ plane: PLANE, values: counted(Uint8Array, 1), description });
    const error = await assertRejects(() => openImage({ url }), ClearstackError, message);
    assertEquals(error.kind, kind);
  }
  const url = await inMemory({ plane: PLANE, values: counted(Uint8Array, 1), description: ome(uuid("a.ome.tif", 0)) });
  assertEquals((await openImage({ url })).info.shape, [3, 5]);
});

Deno.test("OME-XML that misplaces its planes is corrupt-data", async () => {
  const cases = [
    ome('<TiffData IFD="0" FirstZ="1"/>'),
    ome("").replace("XYZCT", "XYZZT"),
    "<OME><Image/></OME>",
  ];
  for (const description of cases) {
    const url = await inMemory({ plane: PLANE, values: counted(Uint8Array, 1), description });
    const error = await assertRejects(() => openImage({ url }), ClearstackError);
    assertEquals(error.kind, "corrupt-data", error.message);
  }
});

Deno.test("a raw stack over HTTP is read by ranges, each page straight behind the one before", async () => {
  const values = counted(Uint16Array, 6);
  const bytes = oneDirectoryTiff({
    plane: PLANE,
    values,
    description: "ImageJ=1.53t\nimages=6\nchannels=2\nslices=3\n",
    bigEndian: true,
  });
  await using server = serveRanges(() => Promise.resolve(new Uint8Array(bytes)));
  const image = await openImage({ url: `${server.url}/stack.tif` });
  assertEquals([image.info.shape, image.info.axes[0]!.name], [[2, 3, 3, 5], "c"]);
  const pages = [0, 2, 4, 1, 3, 5].map((page) => [...values.slice(page * 15, (page + 1) * 15)]);
  assertEquals(await readVolumes(image), Float32Array.from(pages.flat()));
  assertEquals(server.whole(), 0);
});
