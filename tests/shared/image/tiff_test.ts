import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openImage, openStore, reopenImage } from "../../stores.ts";
import { ClearstackError } from "shared/errors.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { pythonTest, runPython } from "../../fixtures/python.ts";
import { serveRanges } from "../../fixtures/servers/range_server.ts";
import { readVolumes, readWhole } from "../../fixtures/read_whole.ts";

const shape = [3, 4, 5] as const;
const values = Float32Array.from({ length: 60 }, (_, index) => index * 0.5 - 3);

/** Puts our TIFF into memory, changed by `change`. */
async function memoryTiff(change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes): Promise<string> {
  const url = memoryUrl();
  await openStore(url).put("stack.tif", change(encodeTiff({ shape, values, spacingMicrometre: [0.5, 0.25, 0.1] })));
  return `${url}/stack.tif`;
}

pythonTest({
  name: "stacks that tifffile writes read to the same values, or are refused by name",
  async fn(t) {
    const folder = await Deno.makeTempDir();
    try {
      await runPython("make_tiffs.py", folder);
      interface Expected {
        readonly shape: number[];
        readonly dtype: string;
        readonly scale: number[];
        readonly unit: string | null;
        readonly axes: string;
        readonly chunk: number[];
      }
      const names: Record<string, Expected> = JSON.parse(await Deno.readTextFile(`${folder}/names.json`));
      for (const [name, expected] of Object.entries(names)) {
        await t.step(name, async () => {
          const image = await openImage({ url: `${folder}/${name}.tif` });
          const { info } = image;
          assertEquals([info.shape, info.dtype as string], [expected.shape, expected.dtype]);
          assertEquals([info.axes.map((axis) => axis.name).join(""), info.chunkShape], [expected.axes, expected.chunk]);
          // ImageJ stores resolutions as fractions of 32-bit integers: exact to 1 in 1e6.
          info.scale.forEach((step, axis) => assertEquals(Math.abs(step / expected.scale[axis]! - 1) < 1e-6, true));
          assertEquals(info.axes[0]!.unit ?? null, expected.unit);
          assertEquals(
            await readVolumes(image),
            new Float32Array((await Deno.readFile(`${folder}/${name}.f32`)).buffer),
          );
          assertEquals((await reopenImage(info)).info, info);
        });
      }
      for (
        const [name, message] of [
          ["no_color", "3 samples per pixel (color)"],
          ["no_complex", "a format not read"],
        ] as const
      ) {
        await t.step(`${name} is refused`, async () => {
          const error = await assertRejects(
            () => openImage({ url: `${folder}/${name}.tif` }),
            ClearstackError,
            message,
          );
          assertEquals(error.kind, "unsupported");
        });
      }
      await t.step("pages whose axis is doubtful are refused, and taken for what the caller says", async () => {
        const url = `${folder}/no_axes.tif`;
        const error = await assertRejects(() => openImage({ url }), ClearstackError, "planes of z, say --axes zyx");
        assertEquals(error.kind, "invalid-request");
        for (const axes of ["zyx", "cyx", "tyx"]) {
          const image = await openImage({ url, axes });
          assertEquals([image.info.shape, image.info.axes.map((axis) => axis.name).join("")], [[5, 17, 23], axes]);
          assertEquals((await reopenImage(image.info)).info, image.info);
        }
        await assertRejects(() => openImage({ url, axes: "czyx" }), ClearstackError, "say --axes zyx");
      });
      await t.step("several axes without names are refused, and taken for what the caller says", async () => {
        const url = `${folder}/no_shape4.tif`;
        const error = await assertRejects(() => openImage({ url }), ClearstackError, "3 x 4 pages");
        assert(error.message.includes("for example --axes czyx"), error.message);
        await assertRejects(() => openImage({ url, axes: "tczyx" }), ClearstackError, "has 4");
        const stated = await openImage({ url: `${folder}/shaped_named.tif` });
        const named = await openImage({ url, axes: "czyx" });
        assertEquals(named.info.shape, [3, 4, 17, 23]);
        assertEquals(await readVolumes(named), await readVolumes(stated));
      });
      await t.step("axes that contradict the file are refused, and axes of length 1 may be asked for", async () => {
        const url = `${folder}/imagej_channels.tif`;
        await assertRejects(() => openImage({ url, axes: "zyx" }), ClearstackError, "has the axes czyx");
        const image = await openImage({ url, axes: "tczyx" });
        assertEquals([image.info.shape, image.info.chunkShape], [[1, 3, 4, 17, 23], [1, 1, 1, 17, 23]]);
        assertEquals(await readVolumes(image), await readVolumes(await openImage({ url })));
      });
      await t.step("over HTTP the same values are read by ranges", async () => {
        await using server = serveRanges((name) => Deno.readFile(`${folder}/${name}`));
        // Every compression, with and without predictor, in tiles and in strips, in both byte orders.
        const kinds = Object.keys(names).filter((name) => /deflate|lzw|zstd|predictor|strips|tiles/.test(name));
        assert(kinds.length >= 14, kinds.join(" "));
        for (const name of [...kinds, "bigtiff", "imagej_hyper_big", "ome_ctzyx", "truncated"]) {
          const remote = await openImage({ url: `${server.url}/${name}.tif` });
          const local = await openImage({ url: `${folder}/${name}.tif` });
          assertEquals([remote.info.shape, remote.info.axes], [local.info.shape, local.info.axes]);
          assertEquals(await readVolumes(remote), await readVolumes(local), name);
        }
        assertEquals(server.whole(), 0);
      });
      await t.step("a tile is a chunk, and no more than it is fetched", async () => {
        const image = await openImage({ url: `${folder}/tiles.tif` });
        const inner = { start: [1, 2, 3], shape: [1, 4, 5] } as const;
        // One tile of 16 x 16 uint16.
        assertEquals((await readBox(image, { outer: [], box: inner, boundary: "constant" })).bytesRead, 512);
        const corner = await image.readChunk([0, 1, 1]);
        // The plane is 17 x 23: of its last tile one row of seven voxels is inside, and the rest is padding.
        assertEquals([corner.values.length, corner.strides], [256, [256, 16, 1]]);
        assertEquals([...corner.values].slice(7).every((value) => Number(value) === 0), true);
      });
      await t.step("pages of several sizes are refused when they are met", async () => {
        const image = await openImage({ url: `${folder}/no_mixed.tif` });
        await assertRejects(() => readWhole(image), ClearstackError, "page 2 of");
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("what we write we read, with spacing and unit", async () => {
  const image = await openImage({ url: await memoryTiff() });
  assertEquals([image.info.shape, image.info.chunkShape, image.info.dtype], [[3, 4, 5], [1, 4, 5], "float32"]);
  assertEquals([image.info.scale, image.info.axes[2]!.unit], [[0.5, 0.25, 0.1], "micrometer"]);
  assertEquals(await readWhole(image), values);
  const box = { start: [1, -1, 2], shape: [1, 3, 2] } as const;
  const read = await readBox(image, { outer: [], box, boundary: "nearest" });
  assertEquals([...read.values], [22, 23, 22, 23, 27, 28].map((index) => values[index]!));
  assertEquals(read.bytesRead, 4 * 5 * 4);
});

pythonTest({
  name: "tifffile reads what we write, as an ImageJ stack",
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".tif" });
    try {
      await Deno.writeFile(file, encodeTiff({ shape, values, spacingMicrometre: [0.5, 0.25, 0.1] }));
      const code = `
import tifffile, json
with tifffile.TiffFile("${file}") as tiff:
    data, page, meta = tiff.asarray(), tiff.pages[0], tiff.imagej_metadata
    assert tiff.is_imagej and data.dtype == "f4"
    print(json.dumps([data.shape, data.ravel().tolist(), meta["spacing"], meta["unit"], page.resolution]))`;
      const [readShape, read, spacing, unit, resolution] = JSON.parse(await runPython("-c", code));
      assertEquals([readShape, spacing, unit, resolution], [[3, 4, 5], 0.5, "micron", [10, 4]]);
      assertEquals(Float32Array.from(read), values);
    } finally {
      await Deno.remove(file);
    }
  },
});

Deno.test("a TIFF is known by its first bytes where its name does not say so", async () => {
  const url = memoryUrl();
  await openStore(url).put("stack", encodeTiff({ shape, values }));
  const { info } = await openImage({ url: `${url}/stack` });
  assertEquals([info.format, info.scale, info.axes[0]!.unit], ["tiff", [1, 1, 1], undefined]);
});

Deno.test("a file of another kind that has the name of a TIFF is told so", async () => {
  const url = memoryUrl();
  for (const text of ["hello", "II\x2b\x2c and more than a header of text"]) {
    await openStore(url).put("text.tif", new TextEncoder().encode(text));
    const error = await assertRejects(() => openImage({ url: `${url}/text.tif` }), ClearstackError);
    assertEquals([error.kind, error.message.includes("is it a file of another kind?")], ["corrupt-data", true]);
  }
});

Deno.test("a TIFF cut short anywhere is corrupt-data, never zeros", async () => {
  const whole = encodeTiff({ shape, values }).length;
  for (let kept = 0; kept < whole; kept += 29) {
    const url = await memoryTiff((bytes) => bytes.slice(0, kept));
    const error = await assertRejects(async () => await readWhole(await openImage({ url })), ClearstackError);
    assertEquals(error.kind, "corrupt-data", `${kept}: ${error.message}`);
  }
});

Deno.test("pages whose data are cut off behind intact directories are corrupt-data", async () => {
  // Strip offsets (tag 273) of the last page are moved past the end.
  const url = await memoryTiff((bytes) => {
    const view = new DataView(bytes.buffer);
    const directory = bytes.length - (2 + 14 * 12 + 4);
    view.setUint32(directory + 2 + 6 * 12 + 8, bytes.length - 10, true);
    return bytes;
  });
  const error = await assertRejects(async () => await readWhole(await openImage({ url })), ClearstackError);
  assertEquals(error.kind, "corrupt-data");
});

Deno.test("a strip of fewer bytes than its rows have is corrupt-data", async () => {
  // The stated length (tag 279) of the only strip of the last page: half of it.
  const url = await memoryTiff((bytes) => {
    const view = new DataView(bytes.buffer);
    const directory = bytes.length - (2 + 14 * 12 + 4);
    const entry = Array.from({ length: 14 }, (_, index) => directory + 2 + index * 12)
      .find((at) => view.getUint16(at, true) === 279)!;
    view.setUint32(entry + 8, view.getUint32(entry + 8, true) / 2, true);
    return bytes;
  });
  const error = await assertRejects(async () => await readWhole(await openImage({ url })), ClearstackError);
  assertEquals(error.kind, "corrupt-data");
  assert(error.message.includes("page 3 of") && error.message.includes("40 bytes instead of 80"), error.message);
});

Deno.test("a page that is missing, axes that contradict, and a path are refused", async () => {
  const url = await memoryTiff((bytes) => {
    // One letter for each byte; a decoder of "latin1" takes some for others.
    const text = String.fromCharCode(...bytes).replace("images=3\nslices=3", "images=7\nslices=7");
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  });
  await assertRejects(() => openImage({ url }), ClearstackError, "says it has 7 images and lists 3");
  const fine = await memoryTiff();
  await assertRejects(() => openImage({ url: fine, axes: "tyx" }), ClearstackError, "has the axes zyx");
  await assertRejects(() => openImage({ url: fine, path: "0" }), ClearstackError, "leave out --path 0");
  await assertRejects(() => openImage({ url: fine, path: "a" }), ClearstackError, "no array a");
});

Deno.test("a TIFF that was replaced is noticed when it is opened again", async () => {
  const url = await memoryTiff();
  const { info } = await openImage({ url });
  assertEquals((await reopenImage(info)).info, info);
  const [, base] = /^(.+)\/stack\.tif$/.exec(url)!;
  await openStore(base!).put("stack.tif", encodeTiff({ shape, values: values.map((value) => value + 1) }));
  await assertRejects(() => reopenImage(info), ClearstackError, "changed since");
});

Deno.test("a stack beyond the offsets of TIFF is refused before memory is taken", () => {
  assertThrows(() => encodeTiff({ shape: [1024, 1024, 1025], values }), ClearstackError, "4 GiB");
});
