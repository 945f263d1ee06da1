/** Strangers who hold connections open, and senders who are not to notice. */
import { assertEquals } from "@std/assert";
import { PROOFS, recorded } from "./deliveries.ts";
import { eventService } from "./service.ts";

/** A body of which nothing comes until `end`. */
function trickle() {
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (stream = controller) });
  return { body, end: () => stream!.close() };
}

for (
  const [delivery, proof] of [
    ["ceph_put", "bearer"],
    ["minio_put", "basic"],
    ["event_bridge_created", "apiKey"],
    ["pub_sub_finalize", "google"],
    ["eventarc_binary", "google"],
    ["event_grid_created", "entra"],
    ["sns_notification", "sns"],
  ] as const
) {
  Deno.test(`64 strangers whose bodies trickle keep no sender out: ${delivery} comes through`, async () => {
    const { app, post, inbox, submitted } = eventService();
    const bodies = Array.from({ length: 64 }, trickle);
    const trickling = bodies.map(({ body }) => app.request("/v1/events", { method: "POST", body }));
    const answer = await post(await PROOFS[proof](await recorded(delivery)));
    assertEquals([answer.status, await answer.json()], [202, { accepted: 1, ignored: 0, refused: 0 }]);
    await inbox.idle();
    assertEquals(submitted.size, 1);
    // A sender that is known by its body takes the place of the stranger who came first, and no other does.
    const ended = proof === "sns" ? [await trickling[0]!] : [];
    assertEquals(ended.map(({ status }) => status), proof === "sns" ? [408] : []);
    for (const [at, { end }] of bodies.entries()) if (at >= ended.length) end();
    for (const { status } of await Promise.all(trickling.slice(ended.length))) assertEquals(status, 400);
  });
}

Deno.test("a known sender has its budget, and is told to come back beyond it", async () => {
  const { app } = eventService({ limits: { requestsAtOnce: 2 } });
  const { headers } = await PROOFS.bearer(await recorded("ceph_put"));
  const bodies = Array.from({ length: 2 }, trickle);
  const sending = bodies.map(({ body }) => app.request("/v1/events", { method: "POST", headers, body }));
  // Both have to be known before a third comes.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const third = await app.request("/v1/events", { method: "POST", headers, body: "{}" });
  assertEquals([third.status, third.headers.get("retry-after")], [503, "30"]);
  for (const { end } of bodies) end();
  await Promise.all(sending);
  assertEquals((await app.request("/v1/events", { method: "POST", headers, body: "{}" })).status, 400);
});
