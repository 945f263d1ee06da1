/** What a real server does too seldom to wait for. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { LARGE_OBJECT_BYTES } from "shared/storage/http/parts.ts";
import { cannedEnvironment, type Sent } from "../../fixtures/servers/canned_fetch.ts";
import { piecesOf } from "../../fixtures/pieces.ts";
import { environmentOf } from "../../fixtures/servers/object_servers.ts";
import { openStore } from "../../stores.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "S" };
const large = new Uint8Array(LARGE_OBJECT_BYTES + 1);
const bytes = (text: string) => new TextEncoder().encode(text);
const problem = (code: string, status: number) => new Response(`<Error><Code>${code}</Code></Error>`, { status });

/** Answers a multipart upload; joining the parts meets `join`, and afterwards the object bears the id that `owner` gives. */
function uploadServer(join: (attempt: number) => Response | undefined, owner: (writeId: string) => string) {
  let writeId = "";
  let joins = 0;
  return cannedEnvironment(KEYS, ({ method, url, headers }: Sent) => {
    if (method === "POST" && url.includes("?uploads=")) {
      writeId = headers.get("x-amz-meta-clearstack-write")!;
      return new Response("<R><UploadId>u1</UploadId></R>");
    }
    if (method === "PUT") return new Response(null, { headers: { etag: '"part"' } });
    if (method === "POST") return join(++joins);
    if (method === "HEAD") return new Response(null, { headers: { "x-amz-meta-clearstack-write": owner(writeId) } });
    return new Response(null, { status: 204 });
  });
}

Deno.test("an upload that its own lost request has completed counts as written", async () => {
  const environment = uploadServer((attempt) => attempt === 1 ? undefined : problem("NoSuchUpload", 404), (id) => id);
  assertEquals(await openStore("s3://bucket", { environment, backoffMs: 1 }).put("k", large), true);
  assertEquals(environment.sent.filter(({ method }) => method === "DELETE").length, 0);
});

Deno.test("an object that comes in pieces is sent in whole parts, four at a time, and given up where a piece fails", async () => {
  const done = () => new Response("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
  for (const failAt of [Infinity, 20]) {
    const environment = uploadServer(done, (id) => id);
    const store = openStore("s3://bucket", { environment, backoffMs: 1 });
    const sizes = () => environment.sent.filter(({ method }) => method === "PUT").map(({ body }) => body!.length);
    const putting = store.putPieces("k", piecesOf(large, failAt), { totalBytes: large.length });
    if (failAt === Infinity) {
      await putting;
      assertEquals(sizes().toSorted((a, b) => b - a), [2 ** 24, 2 ** 24, 1]);
      continue;
    }
    await assertRejects(() => putting, Error, "no more");
    assertEquals(environment.sent.filter(({ method }) => method === "DELETE").length, 1);
    assertEquals(environment.sent.filter(({ method }) => method === "POST").length, 1, "no parts were joined");
  }
});

Deno.test("an upload that somebody else aborted is unwritable", async () => {
  const environment = uploadServer(() => problem("NoSuchUpload", 404), () => "another");
  const store = openStore("s3://bucket", { environment, backoffMs: 1 });
  const error = await assertRejects(() => store.put("k", large), ClearstackError, "the upload was aborted");
  assertEquals(error.kind, "unwritable");
});

Deno.test("a failure to join the parts that comes with status 200 is noticed, and tried again", async () => {
  const done = "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>";
  const environment = uploadServer(
    (attempt) => attempt < 3 ? problem("InternalError", 200) : new Response(done),
    () => "another",
  );
  assertEquals(await openStore("s3://bucket", { environment, backoffMs: 1 }).put("k", large), true);
});

Deno.test("a conflict of writers at the same moment is tried again, not taken for an answer", async () => {
  const answers = [problem("ConditionalRequestConflict", 409), new Response(null)];
  const environment = cannedEnvironment(KEYS, () => answers.shift());
  const store = openStore("s3://bucket", { environment, backoffMs: 1 });
  assertEquals(await store.put("k", bytes("1"), { ifAbsent: true }), true);
});

Deno.test("a listing that is cut short is never taken for whole", async () => {
  const whole =
    "<ListBucketResult><Contents><Key>a</Key></Contents><Contents><Key>b</Key></Contents></ListBucketResult>";
  const answers = [whole.slice(0, 60), whole];
  const environment = cannedEnvironment(KEYS, () => new Response(answers.shift()));
  const store = openStore("s3://bucket", { environment, backoffMs: 1 });
  assertEquals(await Array.fromAsync(store.list("")), ["a", "b"]);
});

Deno.test("the media type is signed, and a range is not", async () => {
  const environment = cannedEnvironment(KEYS, () => new Response("x", { status: 206 }));
  const store = openStore("s3://bucket", { environment });
  await store.put("zarr.json", bytes("{}"));
  await store.getRange("k", { offset: 5, length: 1 });
  const [put, get] = environment.sent.map(({ headers }) => headers);
  const signed = (headers: Headers) => /SignedHeaders=([^,]+)/.exec(headers.get("authorization")!)![1]!.split(";");
  assertEquals(put!.get("content-type"), "application/json");
  assert(signed(put!).includes("content-type"));
  assertEquals(get!.get("range"), "bytes=5-5");
  assertEquals(signed(get!).includes("range"), false);
});

Deno.test("a redirect leads no signed request to another server", async () => {
  let visits = 0;
  const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  await using other = Deno.serve(quiet, () => {
    visits++;
    return new Response("x");
  });
  const location = `http://127.0.0.1:${other.addr.port}/`;
  await using server = Deno.serve(quiet, () => new Response(null, { status: 307, headers: { location } }));
  const environment = environmentOf({ ...KEYS, AWS_ENDPOINT_URL: `http://127.0.0.1:${server.addr.port}` });
  const store = openStore("s3://bucket", { environment });
  const error = await assertRejects(() => store.get("k"), ClearstackError, "lives elsewhere");
  assertEquals(error.kind, "invalid-request");
  assertEquals(visits, 0);
});

for (
  const [code, status, kind, words] of [
    ["InvalidObjectState", 403, "unsupported", "archived"],
    ["QuotaExceeded", 403, "unwritable", "quota"],
    ["AccessDenied", 403, "forbidden", "s3:PutObject"],
    ["EntityTooLarge", 400, "unwritable", "EntityTooLarge"],
    ["SlowDown", 503, "store-unavailable", "SlowDown"],
  ] as const
) {
  Deno.test(`${code} is ${kind}`, async () => {
    const environment = cannedEnvironment(KEYS, () => problem(code, status));
    const store = openStore("s3://bucket", { environment, attempts: 2, backoffMs: 1 });
    const error = await assertRejects(() => store.put("k", bytes("1")), ClearstackError, words);
    assertEquals(error.kind, kind);
    assertEquals(environment.sent.length, kind === "store-unavailable" ? 2 : 1);
  });
}
