import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { ClearstackError } from "shared/errors.ts";
import { callJson } from "shared/http/call_json.ts";
import { longAnswer } from "shared/http/long_answer.ts";
import { loggedProblem, problemResponse } from "shared/http/problem.ts";

const ANSWER = z.object({ sum: z.number() });

/** Serves one kind of work on a real socket. */
function serve(work: (signal: AbortSignal) => Promise<unknown>) {
  const log = () => {};
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    await request.text();
    try {
      return await longAnswer(request, work, { log, beatMs: 20 });
    } catch (error) {
      return problemResponse(loggedProblem(error, log));
    }
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}

const delay = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

for (const [speed, milliseconds] of [["at once", 0], ["after many beats", 200]] as const) {
  Deno.test(`work that ends ${speed} is answered with its JSON`, async () => {
    const server = serve(() => delay(milliseconds).then(() => ({ sum: 3 })));
    assertEquals(await callJson(server.url, ANSWER), { sum: 3 });
    await server.close();
  });

  Deno.test(`work that fails ${speed} keeps its kind and its words`, async () => {
    const server = serve(() =>
      delay(milliseconds).then(() => {
        throw new ClearstackError("device-memory", "the box needs 3 GiB");
      })
    );
    const error = await assertRejects(() => callJson(server.url, ANSWER), ClearstackError, "the box needs 3 GiB");
    assertEquals(error.kind, "device-memory");
    await server.close();
  });
}

Deno.test("a caller that hangs up cancels the work, however long its request was", async () => {
  for (const bytes of [10, 100_000]) {
    const cancelled = Promise.withResolvers<void>();
    const server = serve((signal) => {
      signal.addEventListener("abort", () => cancelled.resolve());
      return cancelled.promise;
    });
    const caller = new AbortController();
    const call = callJson(server.url, ANSWER, { method: "POST", body: "x".repeat(bytes), signal: caller.signal });
    setTimeout(() => caller.abort(), 100);
    const error = await assertRejects(() => call, ClearstackError);
    assert(error.kind === "cancelled");
    await cancelled.promise;
    await server.close();
  }
});

Deno.test("a function that falls silent is given up, one that beats is not", async () => {
  const beating = serve(() => delay(300).then(() => ({ sum: 3 })));
  assertEquals(await callJson(beating.url, ANSWER, { silenceMs: 150 }), { sum: 3 });
  await beating.close();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const call = callJson(`http://127.0.0.1:${port}`, ANSWER, { silenceMs: 50 });
  const mute = await listener.accept();
  assertEquals((await assertRejects(() => call, ClearstackError, "fell silent")).kind, "device-lost");
  mute.close();
  listener.close();
});
