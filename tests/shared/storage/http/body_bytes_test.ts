import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { bodyBytes, bodyStart } from "shared/storage/http/body_bytes.ts";
import { noise } from "../../../fixtures/noise.ts";

/** An answer whose body comes in pieces, with or without a promise of its length. */
function answer(bytes: Uint8Array, pieceBytes: number, promised?: number): Response {
  let sent = 0;
  const body = new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (sent < bytes.length) controller.enqueue(bytes.slice(sent, sent += pieceBytes));
      else {
        controller.close();
        controller.byobRequest?.respond(0);
      }
    },
  });
  return new Response(body, promised === undefined ? {} : { headers: { "content-length": String(promised) } });
}

for (const length of [0, 1, 1023, 1024, 65_536, 65_537, 200_001]) {
  Deno.test(`a body of ${length} bytes is read whole, whatever its pieces and its promises are`, async () => {
    const bytes = noise(length);
    for (const pieceBytes of [999, 65_536, 300_000]) {
      for (const promised of [undefined, length, length >> 1, length + 7]) {
        let told = 0;
        const read = await bodyBytes(answer(bytes, pieceBytes, promised), "it", {
          moved: (count) => told += count ?? 0,
          maxBytes: Math.max(length, promised ?? 0),
        });
        assertEquals(read.length, length);
        assertEquals(read, bytes);
        assertEquals(told, length);
      }
    }
  });
}

Deno.test("an answer without a body has no bytes", async () => {
  assertEquals(
    await bodyBytes(new Response(null, { status: 204 }), "it", { moved: () => {}, maxBytes: 0 }),
    new Uint8Array(0),
  );
});

/** An answer that never ends, and how much of it was taken. */
function endless(headers: Record<string, string> = {}) {
  let sent = 0;
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream({
    type: "bytes",
    pull(controller) {
      sent += 10_000;
      controller.enqueue(new Uint8Array(10_000).fill(32));
    },
    cancel: () => resolve(),
  });
  return { answer: new Response(body, { headers }), sent: () => sent, left };
}

Deno.test("a body is read no further than its limit, whatever it promises", async () => {
  for (const promised of [undefined, "10", "1500000000"]) {
    const { answer, sent, left } = endless(promised === undefined ? {} : { "content-length": promised });
    const reading = bodyBytes(answer, "http://h/zarr.json", { moved: () => {}, maxBytes: 100_000 });
    const error = await assertRejects(() => reading, ClearstackError, "http://h/zarr.json has");
    assertEquals([error.kind, error.limit], ["unsupported", 100_000]);
    await left;
    // The limit, the pieces that were under way, and one that the stream holds ready.
    assert(sent() <= 130_000, `${sent()}`);
  }
});

Deno.test("of an error's body the beginning is read, and the rest is left", async () => {
  const { answer, sent, left } = endless();
  assertEquals((await bodyStart(answer, 25_000)).length, 25_000);
  await left;
  assert(sent() <= 50_000, `${sent()}`);
  assertEquals(await bodyStart(new Response("short"), 100), new TextEncoder().encode("short"));
});
