import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { googleToken } from "shared/storage/credentials/google_token.ts";
import { LARGE_OBJECT_BYTES } from "shared/storage/http/parts.ts";
import type { Store } from "shared/storage/store.ts";
import { cannedEnvironment } from "../../fixtures/servers/canned_fetch.ts";
import { type Fault, type FaultPlan, faultProxy } from "../../fixtures/servers/fault_proxy.ts";
import { gsServer } from "../../fixtures/servers/gs_server.ts";
import { piecesOf } from "../../fixtures/pieces.ts";
import { noise } from "../../fixtures/noise.ts";
import { environmentOf } from "../../fixtures/servers/object_servers.ts";
import { STORE_PROMISES } from "../../fixtures/store_promises.ts";
import { openStore } from "../../stores.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Three parts, the last one short. */
const large = noise(LARGE_OBJECT_BYTES + 12_345);

function storeAt(origin: string, folder = "folder"): Store {
  const environment = environmentOf({ STORAGE_EMULATOR_HOST: origin });
  return openStore(`gs://bucket/${folder}`, { environment, backoffMs: 5 });
}

for (const [name, holds] of Object.entries(STORE_PROMISES)) {
  Deno.test(`by Google's JSON API, ${name}`, async () => {
    await using server = gsServer();
    await holds(storeAt(server.origin));
  });
}

Deno.test("by Google's JSON API, keys and folders of any characters are kept", async () => {
  await using server = gsServer();
  const store = storeAt(server.origin, "a folder/ü+%25");
  const keys = ["plain", "with space", "plus+and&=?#", "quotes'\"()*!~", "percent%2Fnot", "ünïcödé/日本", "<xml>&amp;"];
  for (const key of keys) await store.put(key, bytes(key));
  for (const key of keys) assertEquals(await store.get(key), bytes(key), key);
  assertEquals((await Array.fromAsync(store.list(""))).sort(), [...keys].sort());
  await store.deleteAll("");
  assertEquals(await Array.fromAsync(store.list("")), []);
});

Deno.test("by Google's JSON API, a large object is uploaded resumably and read back whole", async () => {
  await using server = gsServer();
  const store = storeAt(server.origin);
  await store.put("large", large);
  assertEquals(await store.get("large", { maxBytes: large.length }), large);
});

Deno.test("by Google's JSON API, an object that comes in pieces is uploaded resumably, and appears with its last byte", async () => {
  await using server = gsServer();
  await using proxy = faultProxy(server.origin, failing(1, "lost"));
  const store = storeAt(proxy.origin);
  await store.putPieces("large", piecesOf(large), { totalBytes: large.length });
  assertEquals(await store.get("large", { maxBytes: large.length }), large);
  const fails = store.putPieces("other", piecesOf(large, 20), { totalBytes: large.length });
  await assertRejects(() => fails, Error, "no more");
  assertEquals([server.unfinished(), await store.head("other")], [0, undefined]);
});

for (const fault of ["busy", "reset", "lost"] as Fault[]) {
  Deno.test(`a resumable upload arrives whole though every request is ${fault} once`, async () => {
    await using server = gsServer();
    await using proxy = faultProxy(server.origin, failing(1, fault));
    await storeAt(proxy.origin).put("large", large);
    assertEquals(await storeAt(server.origin).get("large", { maxBytes: large.length }), large);
  });

  Deno.test(`by Google's JSON API, putting if absent is exact though the request is ${fault} once`, async () => {
    await using server = gsServer();
    const once: FaultPlan = (method, _, earlier) => method === "POST" && earlier === 0 ? fault : undefined;
    await using proxy = faultProxy(server.origin, once);
    const store = storeAt(proxy.origin);
    assertEquals(await store.put("lock", bytes("mine"), { ifAbsent: true }), true);
    assertEquals(await store.put("lock", bytes("mine"), { ifAbsent: true }), false);
  });
}

Deno.test("a resumable upload that fails for good is given up on the server too", async () => {
  await using server = gsServer();
  let puts = 0;
  await using proxy = faultProxy(server.origin, (method) => method === "PUT" && ++puts > 1 ? "busy" : undefined);
  const error = await assertRejects(() => storeAt(proxy.origin).put("large", large), ClearstackError);
  assertEquals(error.kind, "store-unavailable");
  assertEquals(server.unfinished(), 0);
  assertEquals(await storeAt(server.origin).head("large"), undefined);
});

for (const fault of ["busy", "reset", "lost", "truncated", "overpromised"] as Fault[]) {
  Deno.test(`by Google's JSON API, reads and listings are right though each is ${fault} twice`, async () => {
    await using server = gsServer();
    const object = noise(100_000);
    await storeAt(server.origin).put("k", object);
    await using proxy = faultProxy(server.origin, failing(2, fault));
    const store = storeAt(proxy.origin);
    assertEquals(await store.get("k"), object);
    assertEquals(await store.getRange("k", { offset: 1000, length: 2000 }), object.slice(1000, 3000));
    assertEquals(await Array.fromAsync(store.list("")), ["k"]);
    await store.deleteAll("");
    assertEquals(await storeAt(server.origin).head("k"), undefined);
  });
}

Deno.test("a bucket that is not there is named, for reading, writing and listing", async () => {
  await using server = gsServer();
  const environment = environmentOf({ STORAGE_EMULATOR_HOST: server.origin });
  const store = openStore("gs://nobody/x", { environment });
  for (const call of [() => store.get("k"), () => store.put("k", bytes("1")), () => Array.fromAsync(store.list(""))]) {
    const error = await assertRejects(call, ClearstackError, "there is no bucket nobody");
    assertEquals(error.kind, "not-found");
  }
});

Deno.test("damage on the way is noticed by the MD5 that Google keeps", async () => {
  const answers = ["hellp", "hello"];
  const headers = { "x-goog-hash": "crc32c=mnG7TA==, md5=XUFAKrxLKna5cZ2REBfFkg==" };
  const environment = cannedEnvironment(
    { GS_NO_SIGN_REQUEST: "true" },
    () => new Response(answers.shift(), { headers }),
  );
  assertEquals(await openStore("gs://bucket/x", { environment, backoffMs: 1 }).get("k"), bytes("hello"));
  assertEquals(environment.sent.length, 2);
});

Deno.test("a service account proves itself by a signed token, is asked again before the hour is over, and sends it", async () => {
  const pair = await crypto.subtle.generateKey(
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ["sign", "verify"],
  );
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toBase64()}\n-----END PRIVATE KEY-----\n`;
  const path = await Deno.makeTempFile();
  try {
    const account = { type: "service_account", client_email: "me@project", private_key: pem, private_key_id: "7" };
    await Deno.writeTextFile(path, JSON.stringify({ ...account, token_uri: "https://tokens.example/token" }));
    let now = Date.parse("2026-01-01T00:00:00Z");
    const environment = cannedEnvironment(
      { GOOGLE_APPLICATION_CREDENTIALS: path },
      ({ url }) => url.includes("tokens") ? Response.json({ access_token: "T", expires_in: 3600 }) : new Response("x"),
      () => now,
    );
    const store = openStore("gs://bucket/x", { environment });
    await store.get("k");
    await store.get("k");
    now += 56 * 60_000;
    await store.get("k");
    const tokens = environment.sent.filter(({ url }) => url === "https://tokens.example/token");
    assertEquals(tokens.length, 2);
    assertEquals(environment.sent.at(-1)!.headers.get("authorization"), "Bearer T");

    const [head, claims, signature] = new URLSearchParams(tokens[0]!.body).get("assertion")!.split(".");
    const decoded = (part: string) => Uint8Array.fromBase64(part, { alphabet: "base64url" });
    const fields = JSON.parse(new TextDecoder().decode(decoded(claims!)));
    assertEquals([fields.iss, fields.aud, fields.exp - fields.iat], [
      "me@project",
      "https://tokens.example/token",
      3600,
    ]);
    assertEquals(fields.iat, Date.parse("2026-01-01T00:00:00Z") / 1000);
    assertEquals(JSON.parse(new TextDecoder().decode(decoded(head!))), { alg: "RS256", typ: "JWT", kid: "7" });
    const signed = bytes(`${head}.${claims}`);
    assertEquals(await crypto.subtle.verify("RSASSA-PKCS1-v1_5", pair.publicKey, decoded(signature!), signed), true);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a service account's key that cannot be used is refused, and nothing of it is told", async () => {
  const weak = await crypto.subtle.generateKey(
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ["sign", "verify"],
  );
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", weak.privateKey)).toBase64();
  const path = await Deno.makeTempFile();
  try {
    for (const inner of [der, "hush", `hush${der}`]) {
      const key = `-----BEGIN PRIVATE KEY-----\n${inner}\n-----END PRIVATE KEY-----\n`;
      await Deno.writeTextFile(path, JSON.stringify({ type: "service_account", client_email: "me", private_key: key }));
      const environment = cannedEnvironment({ GOOGLE_APPLICATION_CREDENTIALS: path }, () => undefined);
      const error = await assertRejects(() => googleToken(environment).get(), ClearstackError, "cannot be used");
      assertEquals([error.kind, error.cause], ["invalid-request", undefined]);
      assertEquals(environment.sent, []);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("the metadata server gives the machine's token, and a refused token is renewed once", async () => {
  let issued = 0;
  const environment = cannedEnvironment({ HOME: "/nowhere" }, ({ url, headers }) => {
    if (url.startsWith("http://169.254.169.254/computeMetadata/")) {
      const asked = headers.get("metadata-flavor") === "Google";
      return asked ? Response.json({ access_token: `T${++issued}`, expires_in: 3599 }) : undefined;
    }
    return headers.get("authorization") === "Bearer T1" ? new Response(null, { status: 401 }) : new Response("x");
  });
  assertEquals(await openStore("gs://bucket/x", { environment, backoffMs: 1 }).get("k"), bytes("x"));
  assertEquals(issued, 2);
});

Deno.test("without any credentials the error says how to give some, or how to read public buckets", async () => {
  const environment = cannedEnvironment({ HOME: "/nowhere" }, () => undefined);
  const error = await assertRejects(() => googleToken(environment).get(), ClearstackError);
  assertEquals(error.kind, "forbidden");
  assertStringIncludes(error.message, "GS_NO_SIGN_REQUEST=true");
});

Deno.test("an upload address on another host gets neither bytes nor token", async () => {
  const environment = cannedEnvironment(
    { STORAGE_EMULATOR_HOST: "http://127.0.0.1:1" },
    () => new Response(null, { headers: { location: "https://evil.example/upload" } }),
  );
  const store = openStore("gs://bucket/x", { environment, backoffMs: 1 });
  const error = await assertRejects(() => store.put("k", large), ClearstackError);
  assertEquals(error.kind, "unwritable");
  assertEquals(environment.sent.every(({ url }) => url.startsWith("http://127.0.0.1:1/")), true);
});

function failing(times: number, fault: Fault): FaultPlan {
  return (_method, _path, earlier) => earlier < times ? fault : undefined;
}
