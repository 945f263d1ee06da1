import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { oneDirectoryTiff } from "../../fixtures/one_directory_tiff.ts";
import { serveRanges } from "../../fixtures/servers/range_server.ts";
import { openImage } from "../../stores.ts";

Deno.test("pages beyond 4 GiB of an ImageJ stack are read where they lie, and cost one page each", async () => {
  const file = await Deno.makeTempFile({ suffix: ".tif" });
  try {
    const [height, width, pages] = [1024, 1024, 2600];
    const pageBytes = 2 * height * width;
    const description = `ImageJ=1.54f\nimages=${pages}\nslices=${pages}\nunit=um\nspacing=0.5\n`;
    const first = Uint16Array.from({ length: height * width }, (_, index) => index % 60000);
    const bytes = oneDirectoryTiff({ plane: [height, width], values: first, description, bigEndian: true });
    const header = bytes.length - pageBytes;
    await Deno.writeFile(file, bytes);
    // The rest is a hole, which takes no room on the disk, but for a page that starts at 5.45 GB.
    await Deno.truncate(file, header + pages * pageBytes);
    using handle = await Deno.open(file, { write: true });
    await handle.seek(header + 2598 * pageBytes, Deno.SeekMode.Start);
    await handle.write(bytes.subarray(header));

    const image = await openImage({ url: file });
    assertEquals([image.info.shape, image.info.scale], [[pages, height, width], [1, 1, 1]]);
    const plane = async (z: number) =>
      await readBox(image, { outer: [], box: { start: [z, 0, 0], shape: [1, height, width] }, boundary: "constant" });
    for (const [z, expected] of [[0, first], [2598, first], [2599, new Uint16Array(first.length)]] as const) {
      const { values, bytesRead } = await plane(z);
      assertEquals([values.length, bytesRead], [first.length, pageBytes]);
      assert(values.every((value, index) => value === expected[index]), `plane ${z}`);
    }
  } finally {
    await Deno.remove(file);
  }
});

/** Directories 64 KiB apart, as those of large pages are, each naming the next; the first says how many there are. */
function chainedTiff(pages: number, stated: number): Uint8Array<ArrayBuffer> {
  const apart = 2 ** 16;
  const bytes = new Uint8Array(8 + pages * apart);
  const view = new DataView(bytes.buffer);
  const text = new TextEncoder().encode(`ImageJ=1.53t\nimages=${stated}\nslices=${stated}\n\0`);
  bytes.set([0x49, 0x49, 42, 0, 8]);
  for (let page = 0; page < pages; page++) {
    const at = 8 + page * apart;
    const entries = [
      [256, 4, 1, 2],
      [257, 4, 1, 2],
      [258, 3, 1, 16],
      [259, 3, 1, 1],
      [262, 3, 1, 1],
      ...(page === 0 ? [[270, 2, text.length, 8 + 400]] : []),
      [273, 4, 1, at + 600],
      [277, 3, 1, 1],
      [278, 4, 1, 2],
      [279, 4, 1, 8],
    ];
    view.setUint16(at, entries.length, true);
    entries.forEach(([tag, type, count, value], index) => {
      const entry = at + 2 + 12 * index;
      view.setUint16(entry, tag!, true);
      view.setUint16(entry + 2, type!, true);
      view.setUint32(entry + 4, count!, true);
      view.setUint32(entry + 8, value!, true);
    });
    view.setUint32(at + 2 + 12 * entries.length, page + 1 < pages ? at + apart : 0, true);
    for (let voxel = 0; voxel < 4; voxel++) view.setUint16(at + 600 + 2 * voxel, page, true);
  }
  bytes.set(text, 8 + 400);
  return bytes;
}

Deno.test("a long chain of pages is not walked to open it, only as far as a page that is read", async () => {
  const bytes = chainedTiff(600, 600);
  let requests = 0;
  await using server = serveRanges(() => {
    requests++;
    return Promise.resolve(bytes);
  });
  const image = await openImage({ url: `${server.url}/long.tif` });
  assertEquals(image.info.shape, [600, 2, 2]);
  assert(requests < 10, `${requests} requests to open it`);
  const box = { start: [40, 0, 0], shape: [1, 2, 2] } as const;
  assertEquals([...(await readBox(image, { outer: [], box, boundary: "constant" })).values], [40, 40, 40, 40]);
  assert(requests < 60, `${requests} requests to read its page 41`);
});

Deno.test("a chain that ends before the pages it was said to have is corrupt-data when that is met", async () => {
  const file = await Deno.makeTempFile({ suffix: ".tif" });
  try {
    await Deno.writeFile(file, chainedTiff(3, 600));
    const image = await openImage({ url: file });
    const read = (z: number) =>
      readBox(image, { outer: [], box: { start: [z, 0, 0], shape: [1, 2, 2] }, boundary: "constant" });
    assertEquals([...(await read(2)).values], [2, 2, 2, 2]);
    const error = await assertRejects(() => read(300), ClearstackError, "more images than the 3 that it lists");
    assertEquals(error.kind, "corrupt-data");
  } finally {
    await Deno.remove(file);
  }
});
