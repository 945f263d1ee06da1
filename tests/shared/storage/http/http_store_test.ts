import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { openReadable, openStore } from "../../../stores.ts";

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);

type Answer = (request: Request, hit: number) => Response | Promise<Response>;

/** Serves `answer` on a loopback port while `use` runs; returns the requests in order. */
async function served(answer: Answer, use: (url: string) => Promise<void>): Promise<Request[]> {
  const requests: Request[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    requests.push(request);
    return answer(request, requests.length);
  });
  try {
    await use(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
  return requests;
}

/** Serves raw bytes per connection: what a server that breaks HTTP sends. */
async function servedRaw(
  reply: (hit: number) => string | undefined,
  use: (url: string) => Promise<void>,
): Promise<number> {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  let hits = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      const text = reply(++hits);
      if (text !== undefined) {
        await connection.read(new Uint8Array(4096));
        await connection.write(new TextEncoder().encode(text));
      }
      connection.close();
    }
  })();
  try {
    await use(`http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`);
  } finally {
    listener.close();
    await serving;
  }
  return hits;
}

/** Quick repetitions, so that the tests do not wait. */
const quick = { backoffMs: 1, attempts: 3, timeoutMs: 5000 };

function honest(request: Request): Response {
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get("range") ?? "");
  if (range === null) return new Response(BYTES, { headers: { etag: '"v1"' } });
  const [, from, to] = range;
  const start = from === "" ? BYTES.length - Number(to) : Number(from);
  const end = from === "" ? BYTES.length : Math.min(Number(to) + 1, BYTES.length);
  if (start >= BYTES.length) return new Response(null, { status: 416 });
  const headers = { "content-range": `bytes ${start}-${end - 1}/${BYTES.length}` };
  return new Response(BYTES.slice(start, end), { status: 206, headers });
}

Deno.test("objects, their ends and their middles are read, and their size is known", async () => {
  await served(honest, async (url) => {
    const store = openReadable(url, quick);
    assertEquals(await store.get("a/b"), BYTES);
    assertEquals(await store.getRange("a/b", { offset: 10, length: 5 }), BYTES.slice(10, 15));
    assertEquals(await store.getRange("a/b", { suffixLength: 7 }), BYTES.slice(-7));
    const { answeredMs, ...state } = (await store.head("a/b"))!;
    assertEquals(state, { size: 1000, etag: '"v1"' });
    // By the server's clock, in whole seconds.
    assertEquals(answeredMs! % 1000, 0);
  });
});

Deno.test("404 is undefined, 403 is forbidden, and neither is tried again", async () => {
  const requests = await served(
    (request) => new Response(null, { status: request.url.endsWith("gone") ? 404 : 403 }),
    async (url) => {
      const store = openReadable(url, quick);
      assertEquals(await store.get("gone"), undefined);
      assertEquals(await store.getRange("gone", { offset: 0, length: 1 }), undefined);
      assertEquals(await store.head("gone"), undefined);
      const error = await assertRejects(() => store.get("kept"), ClearstackError, "the server answered 403");
      assertEquals(error.kind, "forbidden");
    },
  );
  assertEquals(requests.length, 4);
});

for (const status of [500, 502, 503, 429, 408]) {
  Deno.test(`${status} twice, then an answer, is an answer`, async () => {
    const requests = await served(
      (request, hit) => hit < 3 ? new Response("busy", { status }) : honest(request),
      async (url) => assertEquals(await openReadable(url, quick).get("a"), BYTES),
    );
    assertEquals(requests.length, 3);
  });
}

Deno.test("500 for ever is store-unavailable after the agreed number of attempts", async () => {
  const requests = await served(() => new Response(null, { status: 500 }), async (url) => {
    const error = await assertRejects(() => openReadable(url, quick).get("a"), ClearstackError, "answered 500");
    assertEquals(error.kind, "store-unavailable");
  });
  assertEquals(requests.length, 3);
});

Deno.test("a connection that is reset is tried again", async () => {
  const body = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
  const hits = await servedRaw(
    (hit) => hit < 3 ? undefined : body,
    async (url) => assertEquals(await openReadable(url, quick).get("a"), new TextEncoder().encode("ok")),
  );
  assertEquals(hits, 3);
});

Deno.test("a name that cannot be resolved once is asked for again, and one that never can is told", async () => {
  await served(honest, async (url) => {
    let asked = 0;
    const named = (name: string) => async (target: string | URL | Request, init?: RequestInit) =>
      await fetch(++asked > 1 && name === "once" ? target : `http://${name}.invalid/`, init);
    const at = (name: string) =>
      openReadable(url, { ...quick, environment: { env: () => undefined, fetch: named(name) } });
    assertEquals(await at("once").get("a"), BYTES);
    assertEquals(asked, 2);
    const error = await assertRejects(() => at("never").get("a"), ClearstackError, `cannot read ${url}/a: `);
    assertEquals([error.kind, asked], ["store-unavailable", 2 + quick.attempts]);
  });
});

Deno.test("a body shorter than its content-length is tried again, then store-unavailable", async () => {
  const cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\nonly this";
  const hits = await servedRaw(() => cut, async (url) => {
    const error = await assertRejects(() => openReadable(url, quick).get("a"), ClearstackError);
    assertEquals(error.kind, "store-unavailable");
  });
  assertEquals(hits, 3);
});

Deno.test("a server that answers a range with the whole object is cut to the range", async () => {
  await served(() => new Response(BYTES), async (url) => {
    const store = openReadable(url, quick);
    assertEquals(await store.getRange("a", { offset: 990, length: 10 }), BYTES.slice(990));
    assertEquals(await store.getRange("a", { suffixLength: 3 }), BYTES.slice(-3));
  });
});

Deno.test("a whole object too large to cut is refused before it is read", async () => {
  const stream = () => new ReadableStream({ pull: (controller) => controller.enqueue(BYTES) });
  await served(() => new Response(stream(), { headers: { "content-length": String(2 ** 31) } }), async (url) => {
    const error = await assertRejects(
      () => openReadable(url, quick).getRange("a", { offset: 0, length: 10 }),
      ClearstackError,
      "ignores Range requests",
    );
    assertEquals(error.kind, "unsupported");
  });
});

Deno.test("a part that begins elsewhere or is too short is never taken", async () => {
  const part = (total: number) => () =>
    new Response(BYTES.slice(0, 10), { status: 206, headers: { "content-range": `bytes 0-9/${total}` } });
  await served(part(1000), async (url) => {
    const store = openReadable(url, quick);
    await assertRejects(() => store.getRange("a", { offset: 500, length: 10 }), ClearstackError, "from 0 came");
  });
  await served(part(10), async (url) => {
    const store = openReadable(url, quick);
    const error = await assertRejects(
      () => store.getRange("a", { offset: 0, length: 50 }),
      ClearstackError,
      "cut short",
    );
    assertEquals(error.kind, "corrupt-data");
  });
  await served(honest, async (url) => {
    const store = openReadable(url, quick);
    const error = await assertRejects(
      () => store.getRange("a", { offset: 2000, length: 10 }),
      ClearstackError,
      "shorter",
    );
    assertEquals(error.kind, "corrupt-data");
  });
});

Deno.test("a server that hangs is given up after the timeout", async () => {
  const release = Promise.withResolvers<void>();
  await served(() => release.promise.then(() => new Response("late")), async (url) => {
    const store = openReadable(url, { ...quick, timeoutMs: 50, attempts: 2 });
    const error = await assertRejects(() => store.get("a"), ClearstackError, "no answer within 0.05 s");
    assertEquals(error.kind, "store-unavailable");
    release.resolve();
  });
});

Deno.test("cancelling stops at once, also while waiting to try again", async () => {
  const controller = new AbortController();
  const requests = await served(
    () => {
      setTimeout(() => controller.abort(), 5);
      return new Response(null, { status: 503 });
    },
    async (url) => {
      const store = openReadable(url, { attempts: 5, backoffMs: 60_000 });
      const error = await assertRejects(() => store.get("a", { signal: controller.signal }), ClearstackError);
      assertEquals(error.kind, "cancelled");
    },
  );
  assertEquals(requests.length, 1);
});

Deno.test("a signed URL's query goes with every key and into no message", async () => {
  const requests = await served(
    (request) => request.url.includes("/ok") ? honest(request) : new Response(null, { status: 403 }),
    async (url) => {
      const base = `${url.replace("//", "//user:password@")}/img.zarr?signature=SECRET`;
      const store = openReadable(base, quick);
      assertEquals(store.url, `${url}/img.zarr`);
      await store.get("ok/0");
      const refused = await assertRejects(() => store.get("no"), ClearstackError);
      assertEquals(/SECRET|password/.test(refused.message), false, refused.message);
    },
  );
  assertEquals(new URL(requests[0]!.url).pathname, "/img.zarr/ok/0");
  assertEquals(new URL(requests[0]!.url).search, "?signature=SECRET");
  const unreachable = openReadable("http://127.0.0.1:1/img.zarr?signature=SECRET", { ...quick, attempts: 1 });
  const error = await assertRejects(() => unreachable.get("a"), ClearstackError);
  assertEquals(error.kind, "store-unavailable");
  assertEquals(`${error.message} ${Deno.inspect(error)}`.includes("SECRET"), false);
});

Deno.test("HEAD that is refused is replaced by one byte of a GET", async () => {
  // 501 is what small servers answer that know GET alone, such as those written on Python's BaseHTTPRequestHandler.
  for (const status of [403, 405, 501]) {
    await served(
      (request) => request.method === "HEAD" ? new Response(null, { status }) : honest(request),
      async (url) => assertEquals((await openReadable(url, quick).head("a"))?.size, 1000),
    );
  }
});

Deno.test("a web server is not opened to be written to, and not listed", async () => {
  const error = assertThrows(
    () => openStore("https://user:pass@example.org/a.zarr", quick),
    ClearstackError,
    "read only",
  );
  assertEquals([error.kind, error.message.includes("pass")], ["unwritable", false]);
  await assertRejects(
    () => Array.fromAsync(openReadable("https://example.org/a.zarr", quick).listNames("")),
    ClearstackError,
    "--path",
  );
});
