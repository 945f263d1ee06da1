import { assert, assertEquals } from "@std/assert";
import { ProblemSchema } from "shared/contract/problem.ts";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import type { Proof } from "./deliveries.ts";
import { PROOFS, recorded, SECRET } from "./deliveries.ts";
import { eventService } from "./service.ts";
import { openStore } from "../../../stores.ts";

const S3_PUT = await PROOFS.basic(await recorded("s3_put"));
const SOURCE = "s3://uploads/plate%201/caf%C3%A9%2B2.tif";

/** The delivery with other keys. */
function withKeys(...keys: readonly string[]) {
  const [record] = S3_PUT.body.Records;
  const Records = keys.map((key) => ({ ...record, s3: { ...record.s3, object: { ...record.s3.object, key } } }));
  return { ...S3_PUT, body: { Records } };
}

async function problemOf(response: Response, status: number): Promise<string> {
  assertEquals([response.status, response.headers.get("content-type")], [status, "application/problem+json"]);
  return ProblemSchema.parse(await response.json()).detail;
}

const SENT: readonly (readonly [string, keyof typeof PROOFS, string])[] = [
  ["s3_put", "basic", SOURCE],
  ["ceph_put", "basic", "s3://uploads/a%20dir/im%2Bg%C3%A9%25.tif"],
  ["minio_put", "bearer", SOURCE],
  ["event_bridge_created", "apiKey", SOURCE],
  ["sns_notification", "sns", SOURCE],
  ["pub_sub_finalize", "google", SOURCE.replace("s3:", "gs:")],
  ["eventarc_binary", "google", SOURCE.replace("s3:", "gs:")],
  ["knative_structured", "google", SOURCE.replace("s3:", "gs:")],
  ["event_grid_created", "entra", SOURCE.replace("s3://", "az://facility/")],
  ["event_grid_cloud_event", "bearer", SOURCE.replace("s3://", "az://facility/")],
];

for (const [file, proof, source] of SENT) {
  Deno.test(`${file} starts one job, however often it is sent`, async () => {
    const { post, submitted, inbox } = eventService();
    for (let i = 0; i < 3; i++) {
      const response = await post(await (PROOFS[proof] as Proof)(await recorded(file)));
      assertEquals([response.status, await response.json()], [202, { accepted: 1, ignored: 0, refused: 0 }]);
      if (i === 1) await inbox.idle();
    }
    await inbox.idle();
    assertEquals([...submitted.values()].map(({ request, owner }) => [request.source.url, owner]), [[
      source,
      "events",
    ]]);
  });
}

Deno.test("the same upload told by SNS, EventBridge's copy of it, and S3 records is one job", async () => {
  const { post, submitted, inbox } = eventService();
  const bridge = await PROOFS.apiKey(await recorded("event_bridge_created"));
  bridge.body.detail.object["version-id"] = "096fKKXTRTtl3on89fVO.nfljtsv6qko";
  for (const delivery of [await PROOFS.sns(await recorded("sns_notification")), bridge, S3_PUT]) await post(delivery);
  await inbox.idle();
  assertEquals(submitted.size, 1);
});

Deno.test("deletions and tests of the connection are answered and start nothing", async () => {
  const { post, submitted, inbox } = eventService();
  for (const file of ["s3_removed", "s3_test_event"]) {
    const response = await post(await PROOFS.basic(await recorded(file)));
    assertEquals([response.status, await response.json()], [202, { accepted: 0, ignored: 0, refused: 0 }]);
  }
  await inbox.idle();
  assertEquals(submitted.size, 0);
});

Deno.test("one bad key of many is refused, and the others are heard", async () => {
  const { post, submitted, inbox, log } = eventService();
  const response = await post(withKeys("a.tif", "../b.tif", "c.txt", "d.tif"));
  const reasons = ['the key "../b.tif" of an event is not usable: rename the object'];
  assertEquals([response.status, await response.json()], [202, { accepted: 2, ignored: 1, refused: 1, reasons }]);
  await inbox.idle();
  assertEquals([submitted.size, log.length], [2, 1]);
  // Also alone: MinIO sends again whatever is answered by an error, and nothing else until then.
  const alone = await post(withKeys("../b.tif"));
  assertEquals([alone.status, await alone.json()], [202, { accepted: 0, ignored: 0, refused: 1, reasons }]);
});

Deno.test("an event that breaks its format is refused, and the others of its delivery are heard", async () => {
  const { post, submitted, inbox } = eventService();
  const [record] = S3_PUT.body.Records;
  const broken = { ...record, s3: { bucket: { name: "uploads" }, object: { key: "%zz.tif" } } };
  const Records = [record, broken, { eventName: "ObjectCreated:Put", s3: {} }, { eventName: 7 }, null];
  const reasons = [
    "not a S3 event: its key is not URL-encoded",
    "not a S3 event: s3.bucket: Invalid input: expected object, received undefined",
    "not a S3 event: eventName: Invalid input: expected string, received number",
    "not a S3 event: : Invalid input: expected object, received null",
  ];
  const s3 = await post({ ...S3_PUT, body: { Records } });
  assertEquals([s3.status, await s3.json()], [202, { accepted: 1, ignored: 0, refused: 4, reasons }]);
  const grid = await PROOFS.entra(await recorded("event_grid_created"));
  grid.body.push({ ...grid.body[0], subject: "elsewhere" }, {}, null);
  const azure = await (await post(grid)).json();
  assertEquals([azure.accepted, azure.refused], [1, 3], azure.reasons.join("\n"));
  const batch = await PROOFS.bearer(await recorded("cloud_events_s3_batch"));
  batch.body.unshift({ specversion: "1.0" }, 7);
  const cloud = await (await post(batch)).json();
  assertEquals([cloud.accepted, cloud.refused], [1, 2], cloud.reasons.join("\n"));
  await inbox.idle();
  assertEquals(submitted.size, 2);
});

Deno.test("what changes only what is said of an object, and folders as consoles make them, are no uploads", async () => {
  const { post, submitted, inbox } = eventService();
  const [record] = S3_PUT.body.Records;
  const kinds = ["PutTagging", "DeleteTagging", "PutRetention", "PutLegalHold"];
  const Records = kinds.map((kind) => ({ ...record, eventName: `s3:ObjectCreated:${kind}` }));
  const said = await post({ ...S3_PUT, body: { Records } });
  assertEquals([said.status, await said.json()], [202, { accepted: 0, ignored: 0, refused: 0 }]);
  const folder = await post(withKeys("plate%201/"));
  assertEquals([folder.status, await folder.json()], [202, { accepted: 0, ignored: 1, refused: 0 }]);
  await inbox.idle();
  assertEquals(submitted.size, 0);
});

Deno.test("jobs of events may only name what the service allows", async () => {
  const store = openStore(memoryUrl());
  const { post, submitted } = eventService({ allowedUrls: ["s3://uploads", "s3://psfs"], store });
  const answer = await post(S3_PUT);
  const { refused, reasons } = await answer.json();
  assertEquals([answer.status, refused, submitted.size], [202, 1, 0]);
  assert(reasons[0].includes("s3://results"), reasons[0]);
  // Its sender does not send it again, so it is kept.
  const [kept, ...others] = await Array.fromAsync(store.list(""));
  assertEquals([kept?.startsWith("events/failed/"), others], [true, []]);
});

Deno.test("senders that may not send are told 401 with a challenge, or 403", async () => {
  const { post } = eventService();
  const bare = await post(await recorded("s3_put"));
  assertEquals(bare.headers.get("www-authenticate"), "Bearer");
  await problemOf(bare, 401);
  await problemOf(await post(await recorded("s3_put"), "?secret=guessed"), 403);
  assertEquals((await post(await recorded("s3_put"), `?secret=${SECRET}`)).status, 202);
  const { post: closed } = eventService({ sources: {} });
  assert((await problemOf(await closed(S3_PUT), 403)).includes("sources.s3"));
});

Deno.test("what is no event is told so", async () => {
  const { post } = eventService();
  for (const body of ["", "{", "null", "[]", "{}", "7", '"text"', "[[[[[[]]]]]]", "\uffff"]) {
    await problemOf(await post({ headers: S3_PUT.headers, body }), 400);
  }
  await problemOf(await post({ ...S3_PUT, body: { Records: "many" } }), 400);
});

Deno.test("a body that is too large is refused, and a deep one does no harm", async () => {
  const { post } = eventService();
  const huge = { ...S3_PUT, body: `{"Records":[],"x":"${"x".repeat(2 ** 20)}"}` };
  await problemOf(await post(huge), 413);
  const deep = { ...S3_PUT, body: `{"Records":${"[".repeat(500_000)}${"]".repeat(500_000)}}` };
  await problemOf(await post(deep), 400);
});

Deno.test("a sender is told to come back where an event cannot be kept", async () => {
  const store = openStore(memoryUrl());
  const put = () => Promise.reject(new ClearstackError("store-unavailable", "the store is full"));
  const full = await eventService({ store: { ...store, put } }).post(S3_PUT);
  assertEquals(full.headers.get("retry-after"), "30");
  await problemOf(full, 503);
  const { post, inbox } = eventService({ capacity: 1, submit: () => new Promise(() => {}) });
  assertEquals((await post(withKeys("a.tif"))).status, 202);
  await problemOf(await post(withKeys("b.tif")), 503);
  inbox.close();
  const { post: blind, senders } = eventService();
  senders.answer = () => new Response("", { status: 500 });
  await problemOf(await blind(await PROOFS.google(await recorded("pub_sub_finalize"))), 503);
});

Deno.test("the answer does not wait for the job to be planned", async () => {
  const planning = Promise.withResolvers<never>();
  const { post, inbox } = eventService({ submit: () => planning.promise });
  assertEquals((await post(S3_PUT)).status, 202);
  inbox.close();
});

Deno.test("a file of Data Lake or SFTP is an upload once it is written, not when it is created", async () => {
  const { post, submitted, inbox } = eventService();
  const counted = async (file: string, proof: "entra" | "bearer", api: string) => {
    const delivery = await PROOFS[proof](await recorded(file));
    const event = Array.isArray(delivery.body) ? delivery.body[0] : delivery.body;
    event.data.api = api;
    return (await (await post(delivery)).json()).accepted;
  };
  for (const [file, proof] of [["event_grid_created", "entra"], ["event_grid_cloud_event", "bearer"]] as const) {
    const apis = ["CreateFile", "SftpCreate", "FlushWithClose", "SftpCommit", "PutBlockList"];
    const accepted = await Promise.all(apis.map((api) => counted(file, proof, api)));
    assertEquals(accepted, [0, 0, 1, 1, 1], file);
  }
  await inbox.idle();
  assertEquals(submitted.size, 1);
});

Deno.test("Event Grid's question is answered to the sender with the secret only", async () => {
  const { post } = eventService();
  const question = await recorded("event_grid_validation");
  await problemOf(await post(question), 401);
  await problemOf(await post(question, "?secret=guessed"), 403);
  const answer = await post(question, `?secret=${SECRET}`);
  assertEquals([answer.status, await answer.json()], [200, {
    validationResponse: "512d38b6-c7b8-40c8-89fe-f46f9e9622b6",
  }]);
});

Deno.test("the handshake of CloudEvents is answered to the sender with the secret only", async () => {
  const { app } = eventService();
  const ask = (query: string, origin = "eventgrid.azure.net") =>
    app.request(`/v1/events${query}`, { method: "OPTIONS", headers: { "webhook-request-origin": origin } });
  const allowed = await ask(`?secret=${SECRET}`);
  assertEquals([allowed.status, allowed.headers.get("webhook-allowed-origin")], [200, "eventgrid.azure.net"]);
  for (const query of ["", "?secret=guessed"]) {
    const refused = await ask(query);
    assertEquals(refused.headers.get("webhook-allowed-origin"), null);
    await problemOf(refused, query === "" ? 401 : 403);
  }
  await problemOf(await ask(`?secret=${SECRET}`, "<script>"), 400);
});

Deno.test("web pages that may call do not keep CloudEvents from being asked for", async () => {
  const { app } = eventService({ corsOrigins: ["https://viewer.example"] });
  const headers = { "webhook-request-origin": "eventgrid.azure.net", origin: "https://viewer.example" };
  const answer = await app.request(`/v1/events?secret=${SECRET}`, { method: "OPTIONS", headers });
  assertEquals([answer.status, answer.headers.get("webhook-allowed-origin")], [200, "eventgrid.azure.net"]);
  const page = await app.request("/v1/jobs", { method: "OPTIONS", headers });
  assertEquals(page.headers.get("access-control-allow-origin"), "https://viewer.example");
});

Deno.test("MinIO's probe is answered, and other methods are refused", async () => {
  const { app } = eventService();
  const probe = await app.request("/v1/events", { method: "HEAD" });
  assertEquals([probe.status, await probe.text()], [200, ""]);
  assertEquals((await app.request("/v1/events", { method: "OPTIONS" })).headers.get("allow"), "HEAD, OPTIONS, POST");
  for (const method of ["GET", "PUT", "DELETE"]) {
    const refused = await app.request("/v1/events", { method });
    assertEquals(refused.headers.get("allow"), "HEAD, OPTIONS, POST");
    await problemOf(refused, 405);
  }
});

Deno.test("senders prove themselves in their own ways where callers need keys, and their secrets open nothing else", async () => {
  const { app, post } = eventService({ auth: {} });
  assertEquals((await post(S3_PUT)).status, 202);
  const { authorization } = S3_PUT.headers;
  await problemOf(await app.request("/v1/jobs", { headers: { authorization: authorization! } }), 401);
  const { paths } = await (await app.request("/openapi.json")).json();
  assertEquals(paths["/v1/events"].post.security, []);
});
