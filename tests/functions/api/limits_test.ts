import { assert, assertEquals } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import type { ApiAppDeps } from "functions/api/app.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";

const jobs = { list: () => Promise.resolve({ jobs: [] }) } as unknown as JobRunner;

const start = (rest: Partial<ApiAppDeps> = {}) => createApiApp({ jobs, allowedUrls: "any", log: () => {}, ...rest });

/** A stream on which nothing happens. */
// deno-lint-ignore require-yield
async function* silence(): AsyncGenerator<never> {
  await new Promise(() => {});
}

/** A stream on which nothing happens until it is left. */
// deno-lint-ignore require-yield
async function* untilAborted(signal: AbortSignal): AsyncGenerator<never> {
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}

const JSON_TYPE = { "content-type": "application/json" };

/** A body that comes in pieces and never ends by itself; `left` settles when nobody reads it any more. */
function endless(piece: string, pauseMs: number) {
  const left = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    async pull(stream) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      stream.enqueue(new TextEncoder().encode(piece));
    },
    cancel: () => left.resolve(),
  }, { highWaterMark: 0 });
  return { body, left: left.promise };
}

Deno.test("a body that trickles in is left after its time, on a real socket", async () => {
  const app = start({ limits: { bodySeconds: 0.2 } });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => app.fetch(request));
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  const head = "POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
  await connection.write(new TextEncoder().encode(head));
  const bytes = new Uint8Array(4096);
  const text = new TextDecoder().decode(bytes.subarray(0, (await connection.read(bytes))!));
  assert(text.startsWith("HTTP/1.1 408 "), text);
  connection.close();
  await server.shutdown();
});

Deno.test("a body that does not end is read no further than the limit, whatever length it claims", async () => {
  for (const headers of [JSON_TYPE, { ...JSON_TYPE, "content-length": "10" }]) {
    const { body, left } = endless("x".repeat(100_000), 0);
    const response = await start().request("/v1/jobs", { method: "POST", body, headers });
    assertEquals(response.status, 413);
    await left;
  }
});

Deno.test("a URL and headers that are too long are refused before anything looks at them", async () => {
  const app = start();
  assertEquals((await app.request(`/v1/jobs?cursor=${"x".repeat(8192)}`)).status, 414);
  assertEquals((await app.request("/v1/jobs", { headers: { "x-a": "x".repeat(33_000) } })).status, 431);
});

Deno.test("a body that is compressed or no UTF-8 is told so, before a name in it becomes another", async () => {
  const app = start();
  const answer = async (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
    const response = await app.request("/v1/plans", { method: "POST", body, headers: { ...JSON_TYPE, ...headers } });
    const { detail } = await response.json();
    return `${response.status} ${detail}`;
  };
  const latin = Uint8Array.from('{"output":{"url":"/caf\u00e9.zarr"}}', (character) => character.charCodeAt(0));
  assertEquals(await answer(latin), "400 the body is not UTF-8");
  const packed = "415 send the body as it is, without Content-Encoding";
  assertEquals(await answer(new TextEncoder().encode("{}"), { "content-encoding": "gzip" }), packed);
});

Deno.test("a request of nonsense is not answered by as much of it", async () => {
  const body = JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, 1])));
  const response = await start().request("/v1/plans", { method: "POST", body, headers: JSON_TYPE });
  const text = await response.text();
  assert(response.status === 400 && text.length < 4000, `${response.status} ${text.length}`);
});

Deno.test("a plan that takes too long is answered by 504", async () => {
  const ended = Promise.withResolvers<void>();
  const plan: JobRunner["plan"] = (_, { signal } = {}) => {
    signal!.addEventListener("abort", () => ended.resolve());
    return new Promise(() => {});
  };
  const slow = { plan } as unknown as JobRunner;
  const app = start({ jobs: slow, limits: { planSeconds: 0.05 } });
  const body = JSON.stringify({ source: { url: "/a" }, psf: { url: "/b" }, output: { url: "/c" } });
  const response = await app.request("/v1/plans", { method: "POST", body, headers: JSON_TYPE });
  assertEquals([response.status, response.headers.get("content-type")], [504, "application/problem+json"]);
  // Nobody waits for it, so it does not go on.
  await ended.promise;
});

Deno.test("a caller has so many requests in flight, streams included, and gets them back when they end", async () => {
  const gate = Promise.withResolvers<void>();
  const waiting = {
    list: () => gate.promise.then(() => ({ jobs: [] })),
    get: () => Promise.resolve({ id: "a-00000000" }),
    events: () => Promise.resolve(silence()),
  } as unknown as JobRunner;
  const app = start({ jobs: waiting, limits: { requestsAtOnce: 2 }, heartbeatMs: 5 });
  const stream = await app.request("/v1/jobs/a-00000000/events");
  const list = app.request("/v1/jobs");
  assertEquals((await app.request("/v1/jobs")).status, 429);
  assertEquals((await app.request("/healthz")).status, 200);
  gate.resolve();
  assertEquals((await list).status, 200);
  const reader = stream.body!.getReader();
  await reader.read();
  const second = await app.request("/v1/jobs/a-00000000/events");
  assertEquals((await app.request("/v1/jobs")).status, 429);
  // The producer of this stream waits for ever, so leaving it is not waited for either.
  reader.cancel().catch(() => {});
  second.body!.cancel().catch(() => {});
  assertEquals((await app.request("/v1/jobs")).status, 200);
});

Deno.test("a stream that is left while it waits gives its place back once, and the limit holds for the next ones", async () => {
  const watched = {
    get: () => Promise.resolve({ id: "a-00000000" }),
    // As the events of a job do, it ends when nobody reads it any more.
    events: (_: string, { signal }: { readonly signal: AbortSignal }) => Promise.resolve(untilAborted(signal)),
  } as unknown as JobRunner;
  const app = start({ jobs: watched, limits: { requestsAtOnce: 2 } });
  const listen = () => app.request("/v1/jobs/a-00000000/events");
  for (let round = 0; round < 3; round++) {
    const reader = (await listen()).body!.getReader();
    const reading = reader.read();
    await reader.cancel();
    await reading;
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
  const held = [await listen(), await listen(), await listen()];
  assertEquals(held.map(({ status }) => status), [200, 200, 429]);
  for (const { body } of held) await body?.cancel();
});

Deno.test("a stream that is asked for by HEAD takes no place, and whoever makes its events stops", async () => {
  const stopped: AbortSignal[] = [];
  const watched = {
    list: () => Promise.resolve({ jobs: [] }),
    get: () => Promise.resolve({ id: "a-00000000" }),
    events: (_: string, { signal }: { readonly signal: AbortSignal }) => {
      stopped.push(signal);
      return Promise.resolve(untilAborted(signal));
    },
  } as unknown as JobRunner;
  const app = start({ jobs: watched, limits: { requestsAtOnce: 1 } });
  for (let round = 0; round < 3; round++) {
    const { status, body } = await app.request("/v1/jobs/a-00000000/events", { method: "HEAD" });
    assertEquals([status, body], [200, null]);
  }
  assertEquals([(await app.request("/v1/jobs")).status, stopped.map(({ aborted }) => aborted)], [200, [
    true,
    true,
    true,
  ]]);
});

Deno.test("answers may not be framed, guessed at, stored or run", async () => {
  const { headers } = await start().request("/v1/jobs");
  assertEquals(headers.get("x-content-type-options"), "nosniff");
  assertEquals(headers.get("cache-control"), "no-store");
  assert(headers.get("content-security-policy")!.includes("default-src 'none'"));
  assert(headers.get("strict-transport-security"));
  assertEquals(headers.get("x-powered-by"), null);
});

Deno.test("web pages of other origins may not call, unless they are listed", async () => {
  const preflight = {
    method: "OPTIONS",
    headers: { origin: "https://app.example", "access-control-request-method": "POST" },
  };
  const closed = await start().request("/v1/jobs", preflight);
  assertEquals([closed.status, closed.headers.get("access-control-allow-origin")], [405, null]);
  const open = start({ corsOrigins: ["https://app.example"] });
  const allowed = await open.request("/v1/jobs", preflight);
  assertEquals([allowed.status, allowed.headers.get("access-control-allow-origin")], [204, "https://app.example"]);
  const evil = await open.request("/v1/jobs", { headers: { origin: "https://evil.example" } });
  assertEquals(evil.headers.get("access-control-allow-origin"), null);
});
