/** Habits of web servers: no ranges, no lengths, compression that nobody asked for, web pages in place of what is missing. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { ClearstackError } from "shared/errors.ts";
import { readWhole } from "../../../fixtures/read_whole.ts";
import { countedPages, tiffOf } from "../../../fixtures/tiff_pages.ts";
import { openImage, openReadable, reopenImage } from "../../../stores.ts";

/** What a server does with the bytes of a file that is there. */
type Answer = (bytes: Uint8Array<ArrayBuffer>, request: Request) => Response;

/** Serves files; `sent` counts the bytes of all bodies, `asked` the requests. */
function serve(
  files: Readonly<Record<string, Uint8Array>>,
  answer: Answer,
  missing = () => new Response(null, { status: 404 }),
) {
  const tally = { sent: 0, asked: 0 };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    tally.asked++;
    const file = files[new URL(request.url).pathname.slice(1)];
    const response = file === undefined ? missing() : answer(new Uint8Array(file), request);
    const body = await response.arrayBuffer();
    if (request.method === "GET") tally.sent += body.byteLength;
    const headers = new Headers(response.headers);
    if (!headers.has("x-unknown-length")) headers.set("content-length", `${body.byteLength}`);
    const unknown = () => new ReadableStream({ start: (to) => (to.enqueue(new Uint8Array(body)), to.close()) });
    const isHead = request.method === "HEAD";
    const sent = isHead || response.status === 204 ? null : headers.has("x-unknown-length") ? unknown() : body;
    return new Response(sent, { status: response.status, headers });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return { url, tally, [Symbol.asyncDispose]: () => server.shutdown() };
}

const PAGES = 40;
const PLANE = [24, 32] as const;
const stack = tiffOf(countedPages(PAGES, PLANE));
const expected = Array.from({ length: PAGES * 24 * 32 }, (_, index) => index % 65536);

const coded = (coding: string, encode: (bytes: Uint8Array) => Uint8Array): Answer => (bytes) =>
  new Response(new Uint8Array(encode(bytes)), { headers: { "content-encoding": coding, etag: '"1"' } });

const HABITS: readonly (readonly [name: string, answer: Answer])[] = [
  ["knows no ranges", (bytes) => new Response(bytes, { headers: { etag: '"1"' } })],
  ["knows no ranges and gives no tags", (bytes) => new Response(bytes)],
  ["tells no length", (bytes) => new Response(bytes, { headers: { "x-unknown-length": "1" } })],
  ["compresses by gzip", coded("gzip", gzipSync)],
  ["compresses by deflate", coded("deflate", deflateSync)],
  ["compresses by br", coded("br", brotliCompressSync)],
  ["compresses by zstd", coded("zstd", zstdCompressSync)],
  ["compresses parts", (bytes, { headers }) => {
    const range = headers.get("range");
    const packed = gzipSync(bytes);
    const part = range === null ? packed : packed.subarray(0, 10);
    const given = {
      "content-encoding": "gzip",
      ...(range === null ? {} : { "content-range": `bytes 0-9/${packed.length}` }),
    };
    return new Response(new Uint8Array(part), { status: range === null ? 200 : 206, headers: given });
  }],
];

for (const [name, answer] of HABITS) {
  Deno.test(`a TIFF from a server that ${name} is read right, and sent twice at the most`, async () => {
    await using server = serve({ "a.tif": stack }, answer);
    const image = await openImage({ url: `${server.url}/a.tif` });
    assertEquals([...await readWhole(image)], expected);
    assertEquals([...await readWhole(await reopenImage(image.info))], expected);
    assert(server.tally.sent <= 2 * stack.length, `${server.tally.sent / stack.length} times`);
  });
}

Deno.test("many parts that are asked for at the same time share one whole answer", async () => {
  await using server = serve({ "a.bin": stack }, (bytes) => new Response(bytes));
  const store = openReadable(server.url);
  const parts = await Promise.all(
    Array.from({ length: 50 }, (_, index) => store.getRange("a.bin", { offset: index * 100, length: 100 })),
  );
  parts.forEach((part, index) => assertEquals(part, stack.slice(index * 100, index * 100 + 100)));
  assertEquals(server.tally.asked, 1);
});

Deno.test("a file too long to be fetched whole is refused with its length, before it is sent", async () => {
  const length = 64 * 2 ** 20 + 1;
  await using server = serve({ "a.bin": new Uint8Array(length) }, (bytes) => new Response(bytes));
  const error = await assertRejects(
    () => openReadable(server.url).getRange("a.bin", { offset: 0, length: 8 }),
    ClearstackError,
    "ignores Range requests",
  );
  assertEquals([error.kind, error.value, error.limit], ["unsupported", length, 64 * 2 ** 20]);
  assert(error.message.includes("copy it here first"), error.message);
});

Deno.test("a body that is kept is kept no longer than its server says it is the same", async () => {
  let version = 1;
  await using server = serve({ "a.bin": new Uint8Array(4) }, (bytes) => {
    return new Response(bytes.fill(version), { headers: { etag: `"${version}"` } });
  });
  const read = async () => {
    const store = openReadable(server.url);
    await store.head("a.bin");
    return (await store.getRange("a.bin", { offset: 0, length: 1 }))![0];
  };
  assertEquals(await read(), 1);
  version = 2;
  const realNow = Date.now;
  try {
    // A moment ago is long ago.
    Date.now = () => realNow() + 10_000;
    assertEquals(await read(), 2);
  } finally {
    Date.now = realNow;
  }
});

Deno.test("documents that come compressed are decoded, within their bounds; a coding that is not known is named", async () => {
  const document = new TextEncoder().encode('{"zarr_format": 2}'.padEnd(1000));
  await using server = serve({ "a.json": document }, coded("gzip", gzipSync));
  assertEquals(await openReadable(server.url).get("a.json"), document);
  const small = openReadable(server.url).get("a.json", { maxBytes: 500 });
  assertEquals((await assertRejects(() => small, ClearstackError)).kind, "unsupported");
  await using odd = serve({ "a.json": document }, coded("compress", (bytes) => bytes));
  await assertRejects(() => openReadable(odd.url).get("a.json"), ClearstackError, "coding compress");
  await using damaged = serve({ "a.json": document }, coded("gzip", (bytes) => gzipSync(bytes).subarray(0, 30)));
  assertEquals(
    (await assertRejects(() => openReadable(damaged.url).get("a.json"), ClearstackError)).kind,
    "corrupt-data",
  );
});

Deno.test("a web page in place of a file, and no content, count as missing; the message says so", async () => {
  const page = () => new Response("<!doctype html><p>app", { headers: { "content-type": "text/html; charset=utf-8" } });
  for (const missing of [page, () => new Response(null, { status: 204 })]) {
    await using server = serve({}, (bytes) => new Response(bytes), missing);
    const store = openReadable(server.url);
    assertEquals([await store.get("a"), await store.head("a")], [undefined, undefined]);
    assertEquals(await store.getRange("a", { offset: 0, length: 4 }), undefined);
    const error = await assertRejects(() => openImage({ url: `${server.url}/image.zarr` }), ClearstackError);
    assertEquals([error.kind, error.message.includes("a web page for what is not there")], [
      "not-found",
      missing === page,
    ]);
  }
});
