import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { pythonTest, runPython } from "../../fixtures/python.ts";
import { readWhole } from "../../fixtures/read_whole.ts";
import { writeZarr3 } from "../../fixtures/zarr3.ts";
import { zipOf } from "../../fixtures/zip.ts";
import { openImage, openReadable, openStore, reopenImage } from "../../stores.ts";

const SHAPE = [4, 8, 8];
const VALUES = Array.from({ length: 256 }, (_, index) => index * 3);

/** The objects of an array in shards. */
async function objects(prefix = ""): Promise<Record<string, Uint8Array>> {
  const url = memoryUrl();
  await writeZarr3(url, { shape: SHAPE, chunk: [2, 8, 8], inner: [1, 4, 4], dtype: "uint16", values: VALUES });
  const found: Record<string, Uint8Array> = {};
  for await (const key of openStore(url).list("")) found[prefix + key] = (await openStore(url).get(key))!;
  return found;
}

async function put(name: string, bytes: Uint8Array): Promise<string> {
  const url = memoryUrl();
  await openStore(url).put(name, bytes);
  return `${url}/${name}`;
}

for (const options of [{}, { deflate: true }, { zip64: true }]) {
  for (const [name, prefix] of [["a.ozx", ""], ["a.zarr.zip", ""], ["b.zip", "folder.zarr/"]] as const) {
    Deno.test(`a Zarr in ${name}${prefix && " inside a folder"} is read: ${JSON.stringify(options)}`, async () => {
      const image = await openImage({ url: await put(name, zipOf(await objects(prefix), options)) });
      assertEquals([image.info.shape, image.info.format], [SHAPE, "zarr3"]);
      assertEquals([...await readWhole(image)], VALUES);
      assertEquals([...await readWhole(await reopenImage(image.info))], VALUES);
    });
  }
}

Deno.test("what is stored in a zip is read by ranges, over HTTP too", async () => {
  const files = { ...await objects(), "filler.bin": crypto.getRandomValues(new Uint8Array(2 ** 16)) };
  for (let index = 0; index < 40; index++) Object.assign(files, { [`f${index}`]: files["filler.bin"] });
  const bytes = zipOf(files);
  let sent = 0;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    if (!request.url.endsWith("a.ozx")) return new Response(null, { status: 404 });
    if (request.method === "HEAD") return new Response(null, { headers: { "content-length": `${bytes.length}` } });
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "")!.map(Number) as number[];
    const part = bytes.slice(start!, Math.min(end! + 1, bytes.length));
    sent += part.length;
    const range = `bytes ${start}-${start! + part.length - 1}/${bytes.length}`;
    return new Response(part, { status: 206, headers: { "content-range": range } });
  });
  const image = await openImage({ url: `http://127.0.0.1:${server.addr.port}/a.ozx` });
  assertEquals([...await readWhole(image)], VALUES);
  assert(sent < bytes.length / 3, `${sent} of ${bytes.length} bytes`);
});

Deno.test("a zip is a store to read: names, sizes, ranges, what is not there", async () => {
  const store = openReadable(
    await put("a.zip", zipOf({ "a/b": new Uint8Array([1, 2, 3]), "a/c": new Uint8Array(0), d: new Uint8Array(9) })),
  );
  assertEquals(await Array.fromAsync(store.listNames("a/")), ["b", "c"]);
  assertEquals(await Array.fromAsync(store.listNames("")), ["a/", "d"]);
  assertEquals(await Array.fromAsync(store.list("a/")), ["a/b", "a/c"]);
  assertEquals([(await store.head("a/b"))?.size, await store.head("x"), await store.get("x")], [
    3,
    undefined,
    undefined,
  ]);
  assertEquals([...(await store.getRange("a/b", { offset: 1, length: 1 }))!], [2]);
  assertEquals([...(await store.getRange("a/b", { suffixLength: 2 }))!], [2, 3]);
  assertEquals([...(await store.get("a/c"))!], []);
  assertEquals(await openReadable(`${memoryUrl()}/none.zip`).get("a"), undefined);
});

Deno.test("a zip that is cut, damaged, or promises more than it holds is an error; one by another name is named", async () => {
  const bytes = zipOf(await objects());
  const whole = async (
    changed: Uint8Array,
  ) => [...await readWhole(await openImage({ url: await put("a.ozx", changed) }))];
  for (let cut = 0; cut < bytes.length; cut += 97) {
    const error = await assertRejects(() => whole(bytes.slice(0, cut)), ClearstackError);
    assert(["corrupt-data", "unsupported", "not-found"].includes(error.kind), `${cut}: ${error.kind} ${error.message}`);
  }
  const text = new TextDecoder("latin1").decode(bytes);
  const flipped = bytes.slice();
  flipped[text.indexOf("node_type")]! ^= 1;
  assertEquals((await assertRejects(() => whole(flipped), ClearstackError, "checksum")).kind, "corrupt-data");
  // A file of a few bytes that is said to be of a few more: inflating stops where the directory says.
  const bomb = zipOf({ "zarr.json": new Uint8Array(2 ** 20) }, { deflate: true });
  const view = new DataView(bomb.buffer);
  view.setUint32(new TextDecoder("latin1").decode(bomb).lastIndexOf("PK\x01\x02") + 24, 100, true);
  assertEquals((await assertRejects(() => whole(bomb), ClearstackError)).kind, "corrupt-data");
  const error = await assertRejects(
    async () => await openImage({ url: await put("data", bytes) }),
    ClearstackError,
    "is a zip",
  );
  assert(error.message.includes(".ozx") && error.message.includes("unzip"), error.message);
});

pythonTest({
  name: "what zarr-python stores in a zip is read to the same values",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const code = `
import zarr, numpy as np
store = zarr.ZipStore("${folder}/a.zarr.zip", mode="w")
data = np.arange(4 * 9 * 11).reshape(4, 9, 11).astype("i4")
zarr.group(store).create_dataset("0", data=data, chunks=(2, 4, 5))
store.close()
print(data.ravel().tolist())`;
      const expected = JSON.parse(await runPython("-c", code));
      assertEquals([...await readWhole(await openImage({ url: `${folder}/a.zarr.zip` }))], expected);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
