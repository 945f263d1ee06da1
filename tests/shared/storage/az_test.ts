import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { azAccount, azPlace } from "shared/storage/az/az_address.ts";
import { azClient } from "shared/storage/az/az_client.ts";
import { LARGE_OBJECT_BYTES } from "shared/storage/http/parts.ts";
import type { Store } from "shared/storage/store.ts";
import { accountSas } from "../../fixtures/servers/account_sas.ts";
import { type Fault, type FaultPlan, type FaultProxy, faultProxy } from "../../fixtures/servers/fault_proxy.ts";
import { piecesOf } from "../../fixtures/pieces.ts";
import { noise } from "../../fixtures/noise.ts";
import { azuriteServer, environmentOf, type ObjectServer, testOn } from "../../fixtures/servers/object_servers.ts";
import { STORE_PROMISES } from "../../fixtures/store_promises.ts";
import { openStore } from "../../stores.ts";

const azurite = await azuriteServer();
const bytes = (text: string) => new TextEncoder().encode(text);
const quick = { backoffMs: 5 };

/** Three blocks, the last one short. */
const large = noise(LARGE_OBJECT_BYTES + 12_345);

for (const [name, holds] of Object.entries(STORE_PROMISES)) {
  testOn(azurite, `in azurite, ${name}`, (server) => holds(server.freshStore()));
}

testOn(azurite, "in azurite, keys and folders of any characters are kept", async ({ freshUrl, environment }) => {
  const store = openStore(`${freshUrl()}/a folder/ü+%25`, { environment });
  const keys = ["plain", "with space", "plus+and&=?#", "quotes'\"()*!~", "ünïcödé/日本", "<xml>&amp;"];
  for (const key of keys) await store.put(key, bytes(key));
  for (const key of keys) assertEquals(await store.get(key), bytes(key), key);
  assertEquals((await Array.fromAsync(store.list(""))).sort(), [...keys].sort());
  await store.deleteAll("");
  assertEquals(await Array.fromAsync(store.list("")), []);
});

testOn(azurite, "in azurite, a large object is written in blocks and read back whole", async ({ freshStore }) => {
  const store = freshStore();
  await store.put("large", large);
  assertEquals((await store.head("large"))?.size, large.length);
  assertEquals(await store.get("large", { maxBytes: large.length }), large);
  assertEquals(await store.getRange("large", { suffixLength: 100 }), large.slice(-100));
  await store.deleteAll("");
});

testOn(
  azurite,
  "in azurite, an object that comes in pieces is written in blocks, and appears with the last",
  async (server) => {
    const store = openStore(server.freshUrl(), server);
    await store.putPieces("large", piecesOf(large), { totalBytes: large.length });
    assertEquals(await store.get("large", { maxBytes: large.length }), large);
    await assertRejects(
      () => store.putPieces("other", piecesOf(large, 20), { totalBytes: large.length }),
      Error,
      "no more",
    );
    assertEquals(await store.head("other"), undefined);
    await store.deleteAll("");
  },
);

testOn(azurite, "in azurite, a write whose block fails for good leaves the old object", async (server) => {
  const url = server.freshUrl();
  await openStore(url, server).put("k", bytes("old"));
  let blocks = 0;
  await using proxy = proxyOf(server, (_, path) => path.includes("comp=block&") && ++blocks > 1 ? "busy" : undefined);
  const error = await assertRejects(() => through(proxy, server, url).put("k", large), ClearstackError);
  assertEquals(error.kind, "store-unavailable");
  assertEquals(await openStore(url, server).get("k"), bytes("old"));
});

for (const fault of ["busy", "reset", "lost"] as Fault[]) {
  testOn(azurite, `blocks arrive whole though every request is ${fault} once`, async (server) => {
    const url = server.freshUrl();
    await using proxy = proxyOf(server, (_method, _path, earlier) => earlier === 0 ? fault : undefined);
    await through(proxy, server, url).put("large", large);
    assertEquals(await openStore(url, server).get("large", { maxBytes: large.length }), large);
    await openStore(url, server).deleteAll("");
  });

  testOn(azurite, `in azurite, putting if absent is exact though the request is ${fault} once`, async (server) => {
    await using proxy = proxyOf(server, (method, _, earlier) => method === "PUT" && earlier === 0 ? fault : undefined);
    const store = through(proxy, server, server.freshUrl());
    assertEquals(await store.put("lock", bytes("mine"), { ifAbsent: true }), true);
    assertEquals(await store.put("lock", bytes("mine"), { ifAbsent: true }), false);
  });
}

for (const fault of ["busy", "reset", "lost", "truncated", "overpromised"] as Fault[]) {
  testOn(azurite, `blobs, ranges and listings are right though each is ${fault} twice`, async (server) => {
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

testOn(azurite, "a shared access signature opens what it grants, and is in no message", async (server) => {
  const { name, key, endpoint } = azAccount(server.environment)!;
  const sasOf = (rights: string) => accountSas(name, key!, rights);
  const withSas = async (rights: string) => {
    const sas = await sasOf(rights);
    const connection = `AccountName=${name};SharedAccessSignature=?${sas};BlobEndpoint=${endpoint}`;
    return environmentOf({ AZURE_STORAGE_CONNECTION_STRING: connection });
  };
  const url = server.freshUrl();
  const store = openStore(url, { environment: await withSas("rwdlac") });
  assertEquals(await store.put("k", bytes("1"), { ifAbsent: true }), true);
  assertEquals(await Array.fromAsync(store.list("")), ["k"]);
  assertEquals(await store.get("k"), bytes("1"));

  const readOnly = openStore(url, { environment: await withSas("r") });
  assertEquals(await readOnly.get("k"), bytes("1"));
  const error = await assertRejects(() => readOnly.put("k", bytes("2")), ClearstackError);
  assertEquals(error.kind, "forbidden");
  assertStringIncludes(error.message, "AZURE_STORAGE_SAS_TOKEN");
  assertEquals(/sig=|sv=/.test(error.message), false);
});

testOn(azurite, "a wrong key is forbidden with what to check, and a missing container is named", async (server) => {
  const { name, endpoint } = azAccount(server.environment)!;
  const wrong = `AccountName=${name};AccountKey=${btoa("wrong")};BlobEndpoint=${endpoint}`;
  const environment = environmentOf({ AZURE_STORAGE_CONNECTION_STRING: wrong });
  const refused = await assertRejects(() => openStore(server.freshUrl(), { environment }).get("k"), ClearstackError);
  assertEquals(refused.kind, "forbidden");
  assertStringIncludes(refused.message, "check AZURE_STORAGE_KEY");

  const store = openStore("az://no-such-container/x", server);
  for (const call of [() => store.get("k"), () => store.put("k", bytes("1")), () => Array.fromAsync(store.list(""))]) {
    const error = await assertRejects(call, ClearstackError, "has no container no-such-container");
    assertEquals(error.kind, "not-found");
  }
});

testOn(azurite, "a public container is read without credentials", async (server) => {
  const { name, endpoint } = azAccount(server.environment)!;
  const place = azPlace("az://clearstack-public", azAccount(server.environment));
  const headers = { "x-ms-blob-public-access": "container" };
  const query = { restype: "container" };
  const accept = ({ status }: Response) => status === 409;
  await azClient(place, server.environment, {})(
    { method: "PUT", path: place.containerUrl, query, headers, what: "the container", accept },
    (response) => response.body?.cancel(),
  );
  await openStore("az://clearstack-public", server).put("open", bytes("for all"));
  const connection = `AccountName=${name};BlobEndpoint=${endpoint}`;
  const variables = { AZURE_STORAGE_CONNECTION_STRING: connection, AZURE_NO_SIGN_REQUEST: "true" };
  const store = openStore("az://clearstack-public", { environment: environmentOf(variables) });
  assertEquals(await store.get("open"), bytes("for all"));
});

function proxyOf(server: ObjectServer, plan: FaultPlan): FaultProxy {
  return faultProxy(new URL(azAccount(server.environment)!.endpoint).origin, plan);
}

function through(proxy: FaultProxy, server: ObjectServer, url: string): Store {
  const { endpoint } = azAccount(server.environment)!;
  const connection = server.variables.AZURE_STORAGE_CONNECTION_STRING!;
  const variables = {
    AZURE_STORAGE_CONNECTION_STRING: connection.replace(new URL(endpoint).origin, proxy.origin),
  };
  return openStore(url, { environment: environmentOf(variables), ...quick });
}
