import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import * as zarr from "zarrita";
import { ClearstackError } from "shared/errors.ts";
import { LARGE_OBJECT_BYTES } from "shared/storage/http/parts.ts";
import { s3Client } from "shared/storage/s3/s3_client.ts";
import type { Store } from "shared/storage/store.ts";
import { type Fault, type FaultPlan, type FaultProxy, faultProxy } from "../../fixtures/servers/fault_proxy.ts";
import { cephServer, environmentOf, type ObjectServer, testOn } from "../../fixtures/servers/object_servers.ts";
import { piecesOf } from "../../fixtures/pieces.ts";
import { noise } from "../../fixtures/noise.ts";
import { STORE_PROMISES } from "../../fixtures/store_promises.ts";
import { openStore } from "../../stores.ts";

const ceph = await cephServer();
const bytes = (text: string) => new TextEncoder().encode(text);
const quick = { backoffMs: 5 };

/** Three parts, the last one short. */
const large = noise(LARGE_OBJECT_BYTES + 12_345);

for (const [name, holds] of Object.entries(STORE_PROMISES)) {
  testOn(ceph, `in Ceph, ${name}`, (server) => holds(server.freshStore()));
}

testOn(ceph, "in Ceph, keys and folders of any characters are kept", async ({ freshUrl, environment }) => {
  const url = `${freshUrl()}/a folder/ü+%25`;
  const keys = [
    "plain",
    "with space",
    "plus+and&=?#",
    "quotes'\"()*!~",
    "percent%2Fnot-a-slash",
    "ünïcödé/日本",
    "<xml>&amp;",
  ];
  const store = openStore(url, { environment });
  for (const key of keys) await store.put(key, bytes(key));
  for (const key of keys) assertEquals(await store.get(key), bytes(key), key);
  assertEquals((await Array.fromAsync(store.list(""))).sort(), [...keys].sort());
  assertEquals(store.url, new URL(url).href);
  await store.deleteAll("");
  assertEquals(await Array.fromAsync(store.list("")), []);
});

testOn(ceph, "in Ceph, listings of many pages are whole, and so is their removal", async ({ freshStore }) => {
  const store = freshStore();
  // Over one page of 1000 keys, and over one removal of as many.
  const keys = Array.from({ length: 1005 }, (_, index) => `c/${index}`);
  await Promise.all(keys.map((key) => store.put(key, bytes("x"))));
  assertEquals((await Array.fromAsync(store.list("c/"))).length, 1005);
  assertEquals((await Array.fromAsync(store.listNames("c/"))).length, 1005);
  await store.deleteAll("c/");
  assertEquals(await Array.fromAsync(store.list("")), []);
});

testOn(ceph, "in Ceph, a large object is written in parts and read back whole", async ({ freshStore }) => {
  const store = freshStore();
  await store.put("large", large);
  const info = (await store.head("large"))!;
  assertEquals(info.size, large.length);
  assert(info.etag!.endsWith('-3"'), `the tag of an object of three parts: ${info.etag}`);
  assertEquals(await store.get("large", { maxBytes: large.length }), large);
  assertEquals(await store.getRange("large", { suffixLength: 100 }), large.slice(-100));
  await store.deleteAll("");
});

testOn(
  ceph,
  "in Ceph, an object that comes in pieces is written in parts, and appears with the last",
  async (server) => {
    const url = server.freshUrl();
    const store = openStore(url, server);
    await store.putPieces("large", piecesOf(large), { totalBytes: large.length });
    assert((await store.head("large"))!.etag!.endsWith('-3"'));
    assertEquals(await store.get("large", { maxBytes: large.length }), large);
    await assertRejects(
      () => store.putPieces("other", piecesOf(large, 20), { totalBytes: large.length }),
      Error,
      "no more",
    );
    assertEquals([await store.head("other"), await unfinishedUploads(server, url)], [undefined, 0]);
    await store.deleteAll("");
  },
);

testOn(ceph, "in Ceph, an upload that is cancelled leaves nothing behind", async (server) => {
  const url = server.freshUrl();
  const controller = new AbortController();
  await using proxy = proxyOf(server, (method, path) => {
    if (method === "PUT" && path.includes("partNumber=3")) controller.abort();
    return undefined;
  });
  const error = await assertRejects(
    () => through(proxy, server, url).put("large", large, { signal: controller.signal }),
    ClearstackError,
  );
  assertEquals(error.kind, "cancelled");
  assertEquals(await openStore(url, server).head("large"), undefined);
  assertEquals(await unfinishedUploads(server, url), 0);
});

testOn(ceph, "in Ceph, an upload of which a part fails for good leaves nothing behind", async (server) => {
  const url = server.freshUrl();
  await using proxy = proxyOf(server, (_, path) => path.includes("partNumber=2") ? "busy" : undefined);
  const error = await assertRejects(() => through(proxy, server, url).put("large", large), ClearstackError);
  assertEquals(error.kind, "store-unavailable");
  assertEquals(await openStore(url, server).head("large"), undefined);
  assertEquals(await unfinishedUploads(server, url), 0);
});

const ONCE: Fault[] = ["busy", "reset", "lost"];
for (const fault of ONCE) {
  testOn(ceph, `a large object arrives whole though every one of its requests is ${fault} once`, async (server) => {
    const url = server.freshUrl();
    await using proxy = proxyOf(server, (_method, _path, earlier) => earlier === 0 ? fault : undefined);
    await through(proxy, server, url).put("large", large);
    assertEquals(await openStore(url, server).get("large", { maxBytes: large.length }), large);
    // A first request that was lost has begun an upload that nobody knows of.
    assertEquals(await unfinishedUploads(server, url), fault === "lost" ? 1 : 0);
    await openStore(url, server).deleteAll("");
  });

  testOn(
    ceph,
    `putting if absent says true though the request is ${fault} once, and false to the next`,
    async (server) => {
      const url = server.freshUrl();
      await using proxy = proxyOf(
        server,
        (method, _, earlier) => method === "PUT" && earlier === 0 ? fault : undefined,
      );
      const store = through(proxy, server, url);
      assertEquals(await store.put("lock", bytes("mine"), { ifAbsent: true }), true);
      assertEquals(await store.put("lock", bytes("mine"), { ifAbsent: true }), false);
      assertEquals(proxy.log.filter((line) => line.startsWith("PUT")).length, 3);
    },
  );
}

for (const fault of ["busy", "reset", "lost", "truncated", "overpromised"] as Fault[]) {
  testOn(ceph, `reads, ranges and listings are right though each is ${fault} twice`, async (server) => {
    const url = server.freshUrl();
    const object = noise(100_000);
    await openStore(url, server).put("k", object);
    await using proxy = proxyOf(server, (_method, _path, earlier) => earlier < 2 ? fault : undefined);
    const store = through(proxy, server, url);
    assertEquals(await store.get("k"), object);
    assertEquals(await store.getRange("k", { offset: 1000, length: 2000 }), object.slice(1000, 3000));
    assertEquals(await Array.fromAsync(store.list("")), ["k"]);
    await store.deleteAll("");
    assertEquals(await openStore(url, server).head("k"), undefined);
  });
}

testOn(ceph, "a server that fails for good is store-unavailable after the agreed attempts", async (server) => {
  await using proxy = proxyOf(server, () => "busy");
  const store = through(proxy, server, server.freshUrl());
  const error = await assertRejects(() => store.get("k"), ClearstackError, "answered 503");
  assertEquals(error.kind, "store-unavailable");
  assertEquals(proxy.log.length, 5);
  await assertRejects(() => Array.fromAsync(store.list("")), ClearstackError, "answered 503");
});

testOn(ceph, "a range that is answered with the whole object is cut to the range", async (server) => {
  const url = server.freshUrl();
  const object = noise(5000);
  await openStore(url, server).put("k", object);
  await using proxy = proxyOf(server, () => "whole");
  const store = through(proxy, server, url);
  assertEquals(await store.getRange("k", { offset: 100, length: 50 }), object.slice(100, 150));
  assertEquals(await store.getRange("k", { suffixLength: 50 }), object.slice(-50));
});

const WRONG: [string, Record<string, string>, string, string][] = [
  ["a wrong secret", { AWS_SECRET_ACCESS_KEY: "wrong" }, "forbidden", "check AWS_SECRET_ACCESS_KEY"],
  ["an unknown key", { AWS_ACCESS_KEY_ID: "nobody" }, "forbidden", "check AWS_ACCESS_KEY_ID"],
  ["no signature", { AWS_NO_SIGN_REQUEST: "yes" }, "forbidden", "it must be public"],
  ["half a key", { AWS_SECRET_ACCESS_KEY: "" }, "invalid-request", "AWS_SECRET_ACCESS_KEY is not set"],
];
for (const [name, variables, kind, mend] of WRONG) {
  testOn(ceph, `with ${name}, the refusal says what to check and no secret`, async (server) => {
    const environment = environmentOf({ ...server.variables, ...variables });
    const store = openStore(server.freshUrl(), { environment });
    for (
      const call of [() => store.get("k"), () => store.put("k", bytes("1")), () => Array.fromAsync(store.list(""))]
    ) {
      const error = await assertRejects(call, ClearstackError);
      assertEquals(error.kind, kind);
      assertStringIncludes(error.message, mend);
      assertEquals(error.message.includes(server.variables.AWS_SECRET_ACCESS_KEY!), false);
    }
  });
}

testOn(ceph, "a bucket that is not there is named, for reading, writing and listing", async ({ environment }) => {
  const store = openStore("s3://no-such-bucket/x", { environment });
  for (const call of [() => store.get("k"), () => store.put("k", bytes("1")), () => Array.fromAsync(store.list(""))]) {
    const error = await assertRejects(call, ClearstackError, "there is no bucket no-such-bucket");
    assertEquals(error.kind, "not-found");
  }
});

testOn(ceph, "a clock that is off is explained with how far", async (server) => {
  const environment = { ...server.environment, now: () => Date.now() - 30 * 60_000 };
  const error = await assertRejects(() => openStore(server.freshUrl(), { environment }).get("k"), ClearstackError);
  assertStringIncludes(error.message, "this machine's clock is 30 minutes slow");
});

testOn(ceph, "what is public is read without credentials", async (server) => {
  const url = server.freshUrl();
  const send = s3Client("clearstack-tests", server.environment, {});
  const path = `${url.slice("s3://clearstack-tests/".length)}/open`;
  const headers = { "x-amz-acl": "public-read" };
  await send(
    { method: "PUT", path, headers, body: bytes("for all"), what: url },
    (response) => response.body?.cancel(),
  );
  const variables = { AWS_ENDPOINT_URL: server.variables.AWS_ENDPOINT_URL!, AWS_NO_SIGN_REQUEST: "true" };
  assertEquals(await openStore(url, { environment: environmentOf(variables) }).get("open"), bytes("for all"));
});

testOn(ceph, "zarrita writes and reads an array in a bucket", async ({ freshStore }) => {
  const store = freshStore();
  const group = zarr.root({
    get: (key: string) => store.get(key.slice(1)),
    set: async (key: string, value: Uint8Array) => void await store.put(key.slice(1), value),
  });
  const shape = [4, 10, 12];
  const values = Uint16Array.from({ length: 480 }, (_, index) => index * 131);
  const array = await zarr.create(group, {
    shape,
    chunkShape: [2, 5, 6],
    dtype: "uint16",
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    fillValue: 0,
  });
  await zarr.set(array, null, { data: values, shape, stride: [120, 12, 1] });
  const read = await zarr.get(await zarr.open.v3(group, { kind: "array" }), null);
  assertEquals(read.data, values);
  assertEquals((await Array.fromAsync(store.list(""))).length, 1 + 2 * 2 * 2);
});

function proxyOf(server: ObjectServer, plan: FaultPlan): FaultProxy {
  return faultProxy(server.variables.AWS_ENDPOINT_URL!, plan);
}

function through(proxy: FaultProxy, server: ObjectServer, url: string): Store {
  const environment = environmentOf({ ...server.variables, AWS_ENDPOINT_URL: proxy.origin });
  return openStore(url, { environment, ...quick });
}

/** Multipart uploads below a folder that are neither complete nor aborted. */
async function unfinishedUploads(server: ObjectServer, url: string): Promise<number> {
  const prefix = url.slice("s3://clearstack-tests/".length);
  const send = s3Client("clearstack-tests", server.environment, {});
  const request = { method: "GET", path: "", query: { uploads: "", prefix }, what: url } as const;
  const xml = await send(request, (response) => response.text());
  return xml!.split("<UploadId>").length - 1;
}
