import { assertEquals } from "@std/assert";
import { bodyBytes } from "shared/storage/http/body_bytes.ts";
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
        const read = await bodyBytes(answer(bytes, pieceBytes, promised), (count) => told += count ?? 0);
        assertEquals(read.length, length);
        assertEquals(read, bytes);
        assertEquals(told, length);
      }
    }
  });
}

Deno.test("an answer without a body has no bytes", async () => {
  assertEquals(await bodyBytes(new Response(null, { status: 204 }), () => {}), new Uint8Array(0));
});
