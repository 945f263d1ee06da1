/** Strips that are fetched together, and decoded on threads. */
import { assertEquals } from "@std/assert";
import { deflateSync } from "node:zlib";
import { openCodecThreads } from "shared/codec/threads/codec_threads.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { openImage, openStore } from "../../stores.ts";

const [WIDTH, HEIGHT, ROWS_PER_STRIP] = [1000, 1000, 999];

/** A page of bytes in deflated strips, the second of a single row. */
function stripsTiff(pixels: Uint8Array): Uint8Array {
  const cut = ROWS_PER_STRIP * WIDTH;
  const strips = [pixels.subarray(0, cut), pixels.subarray(cut)].map((strip) => deflateSync(strip, { level: 0 }));
  const entries = [
    ...[[256, 1, WIDTH], [257, 1, HEIGHT], [258, 1, 8], [259, 1, 8], [262, 1, 1], [273, 2, 0], [277, 1, 1]],
    ...[[278, 1, ROWS_PER_STRIP], [279, 2, 0], [339, 1, 1]],
  ] as [tag: number, count: number, value: number][];
  const listsAt = 8 + 2 + 12 * entries.length + 4;
  const pixelsAt = listsAt + 16;
  const bytes = new Uint8Array(pixelsAt + strips[0]!.length + strips[1]!.length);
  const view = new DataView(bytes.buffer);
  [0x4949, 42].forEach((value, index) => view.setUint16(2 * index, value, true));
  view.setUint32(4, 8, true);
  view.setUint16(8, entries.length, true);
  entries.forEach(([tag, count, value], index) => {
    const at = 10 + 12 * index;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, 4, true);
    view.setUint32(at + 4, count, true);
    view.setUint32(at + 8, tag === 273 ? listsAt : tag === 279 ? listsAt + 8 : value, true);
  });
  const offsets = [pixelsAt, pixelsAt + strips[0]!.length];
  [...offsets, ...strips.map(({ length }) => length)].forEach((value, index) =>
    view.setUint32(listsAt + 4 * index, value, true)
  );
  strips.forEach((strip, index) => bytes.set(strip, offsets[index]!));
  return bytes;
}

Deno.test("a strip that goes to a thread takes no neighbour with it", async () => {
  const pixels = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, index) => (index * 31 + (index >> 9)) & 0xff);
  // On disk, whose reads come in buffers that are rounded up: the first strip and all strips fill the same one.
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(`${folder}/strips.tif`, stripsTiff(pixels));
  const memory = memoryUrl();
  await openStore(memory).put("strips.tif", stripsTiff(pixels));
  const threads = openCodecThreads();
  try {
    for (const url of [`${folder}/strips.tif`, `${memory}/strips.tif`]) {
      const { values } = await (await openImage({ url })).readChunk([0, 0]);
      assertEquals(pixels.findIndex((pixel, index) => pixel !== values[index]), -1);
    }
  } finally {
    threads.close();
    await Deno.remove(folder, { recursive: true });
  }
});
