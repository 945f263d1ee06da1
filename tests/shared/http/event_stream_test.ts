import { assert, assertEquals, assertRejects } from "@std/assert";
import type { JobEvent, JobStatus } from "shared/contract/job_status.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { eventStream, lastEventId, readEvents } from "shared/http/event_stream.ts";

const status: JobStatus = {
  id: "a-1",
  state: "running",
  created: "2026-01-01T00:00:00.000Z",
  updated: "2026-01-01T00:00:00.000Z",
  sequence: 0,
  request: JobRequestSchema.parse({
    source: { url: "memory:a\n\nb" },
    psf: { url: "memory:p" },
    output: { url: "memory:o" },
    algorithm: { iterations: 1 },
  }),
  deviceSeconds: 0,
  tiles: 2,
  tilesDone: 0,
  tilesResumed: 0,
};

async function* events(count: number): AsyncGenerator<JobEvent> {
  for (let sequence = 1; sequence <= count; sequence++) yield { sequence, type: "status", status };
}

Deno.test("events arrive as they were sent, line breaks in values included", async () => {
  const received = await Array.fromAsync(readEvents(eventStream(events(3), { controller: new AbortController() })));
  assertEquals(received, await Array.fromAsync(events(3)));
});

Deno.test("a stream says when to come back; each event carries its sequence number as id and its type as name", async () => {
  const text = await new Response(eventStream(events(1), { controller: new AbortController() })).text();
  assert(text.startsWith("retry: 2000\n\nid: 1\nevent: status\ndata: {"), text);
  assert(text.endsWith("}\n\n"), text);
});

Deno.test("a quiet stream sends comments, and then goes on with the event it waited for", async () => {
  const arrival = Promise.withResolvers<void>();
  async function* late() {
    await arrival.promise;
    yield* events(1);
  }
  const reader = eventStream(late(), { controller: new AbortController(), heartbeatMs: 5 })
    .pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, "retry: 2000\n\n");
  assertEquals((await reader.read()).value, ": still here\n\n");
  assertEquals((await reader.read()).value, ": still here\n\n");
  arrival.resolve();
  let next = await reader.read();
  while (next.value?.startsWith(":")) next = await reader.read();
  assert(next.value?.startsWith("id: 1\n"));
  assert((await reader.read()).done);
});

Deno.test("a reader that goes away aborts the source and ends its iteration", async () => {
  const controller = new AbortController();
  let ended = false;
  async function* endless() {
    try {
      yield* events(1);
      await new Promise((resolve) => controller.signal.addEventListener("abort", resolve));
    } finally {
      ended = true;
    }
  }
  const reader = eventStream(endless(), { controller, heartbeatMs: 5 }).getReader();
  await reader.read();
  await reader.read();
  await reader.cancel();
  assert(controller.signal.aborted && ended);
});

Deno.test("an event that is none of ours is an internal error", async () => {
  const body = new Response("id: 1\ndata: {\n\n").body!;
  await assertRejects(() => Array.fromAsync(readEvents(body)), ClearstackError, "no job event");
});

Deno.test("an event that goes on for longer than any of ours is an internal error, and is not gathered to its end", async () => {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (stream) => stream.enqueue(new TextEncoder().encode(sent++ === 0 ? "data: " : "x".repeat(2 ** 20))),
  });
  await assertRejects(() => Array.fromAsync(readEvents(body)), ClearstackError, "more than 8388608 characters");
  assert(sent < 20, `${sent}`);
});

Deno.test("a Last-Event-ID counts only if it is a whole number", () => {
  const id = (value?: string) => lastEventId(new Headers(value === undefined ? {} : { "last-event-id": value }));
  assertEquals([id("17"), id(), id("x"), id("-1"), id("1.5")], [17, undefined, undefined, undefined, undefined]);
});
