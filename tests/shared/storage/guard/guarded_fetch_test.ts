import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { allowedVariables, readAllowedPlaces } from "shared/storage/guard/allowed_places.ts";
import { createGuardedFetch } from "shared/storage/guard/guarded_fetch.ts";
import { servedEnvironment } from "shared/storage/served_environment.ts";
import { openReadable, openStore } from "../../../stores.ts";

/** Serves on a loopback port until `stop`, and remembers the requests. */
function serve(answer: (request: Request) => Response) {
  const requests: { readonly url: string; readonly headers: Headers }[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    requests.push({ url: request.url, headers: new Headers(request.headers) });
    return answer(request);
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, requests, stop: () => server.shutdown() };
}

const redirectTo = (location: string, status = 302) => () => new Response(null, { status, headers: { location } });

const refused = async (attempt: () => Promise<unknown>) => {
  const error = await assertRejects(attempt, ClearstackError);
  assertEquals(error.kind, "forbidden", error.message);
  return error;
};

for (const status of [301, 302, 303, 307, 308]) {
  Deno.test(`an allowed server that redirects by ${status} to a private one is not followed there`, async () => {
    const secret = serve(() => new Response("secret"));
    for (
      const target of [
        secret.url,
        secret.url.replace("127.0.0.1", "2130706433"),
        secret.url.replace("127.0.0.1", "localhost"),
      ]
    ) {
      const open = serve(redirectTo(`${target}/latest`, status));
      await refused(() => createGuardedFetch({ allow: [open.url] })(`${open.url}/a`));
      assertEquals(open.requests.length, 1);
      await open.stop();
    }
    assertEquals(secret.requests.length, 0);
    await secret.stop();
  });
}

Deno.test("redirects between allowed servers are followed, without what was meant for the first", async () => {
  const second = serve(() => new Response("here"));
  const first = serve((request) =>
    new URL(request.url).pathname === "/moved"
      ? Response.redirect(`${second.url}/b?c=d`)
      : new Response(null, { status: 302, headers: { location: "moved" } })
  );
  const fetch = createGuardedFetch({ allow: [first.url, second.url] });
  const headers = { authorization: "Bearer x", cookie: "y", range: "bytes=0-3" };
  assertEquals(await (await fetch(`${first.url}/a`, { headers })).text(), "here");
  assertEquals(first.requests.map(({ url, headers }) => [new URL(url).pathname, headers.get("authorization")]), [
    ["/a", "Bearer x"],
    ["/moved", "Bearer x"],
  ]);
  const [{ url, headers: sent }] = second.requests as [typeof second.requests[0]];
  assertEquals([new URL(url).pathname, new URL(url).search], ["/b", "?c=d"]);
  assertEquals([sent.get("authorization"), sent.get("cookie"), sent.get("range")], [null, null, "bytes=0-3"]);
  await first.stop();
  await second.stop();
});

Deno.test("a circle of redirects is left after five, and only what was asked for by GET is followed", async () => {
  const circle = serve((request) => Response.redirect(request.url));
  const fetch = createGuardedFetch({ allow: [circle.url] });
  await refused(() => fetch(circle.url));
  assertEquals(circle.requests.length, 6);
  const error = await refused(() => fetch(circle.url, { method: "POST", body: "x" }));
  assertEquals(error.message.includes("POST"), true);
  await circle.stop();
});

Deno.test("from https: to http: nothing is followed, and a redirect to another scheme neither", async () => {
  for (const location of ["http://public.example/", "file:///etc/passwd", "ftp://public.example/"]) {
    const fetch = createGuardedFetch({
      resolve: () => Promise.resolve(["93.184.216.34"]),
      fetch: () => Promise.resolve(new Response(null, { status: 302, headers: { location } })),
    });
    await refused(() => fetch("https://public.example/"));
  }
});

Deno.test("an http: request goes to the address that was checked, under the name that was asked for", async () => {
  const server = serve(() => new Response("here"));
  const addresses: string[] = [];
  // Stands in for the route to a public address, which there is none to from a test: the request itself is a real one.
  const route: typeof fetch = (input, init) => {
    const url = new URL(String(input));
    addresses.push(url.host);
    return fetch(`${server.url}${url.pathname}`, init);
  };
  let asked = 0;
  const rebinding = () => Promise.resolve(asked++ === 0 ? ["93.184.216.34"] : ["127.0.0.1"]);
  const guarded = createGuardedFetch({ resolve: rebinding, fetch: route });
  assertEquals(await (await guarded("http://public.example:8080/a")).text(), "here");
  assertEquals([addresses, asked], [["93.184.216.34:8080"], 1]);
  assertEquals(server.requests[0]!.headers.get("host"), "public.example:8080");
  await server.stop();
});

Deno.test("a store of a served function reads what is allowed and refuses what is private, without trying again", async () => {
  const server = serve(() => new Response("here"));
  const environment = (allow: string) => servedEnvironment((name) => name === "CLEARSTACK_ALLOW" ? allow : undefined);
  const allowed = openReadable(server.url, { environment: environment(`/data ${server.url}/`) });
  assertEquals(new TextDecoder().decode(await allowed.get("a")), "here");
  const unlisted = openReadable(`${server.url}?sig=SECRET`, { environment: environment("/data") });
  assertEquals((await refused(() => unlisted.get("a"))).message.includes("SECRET"), false);
  // Nothing lists the place, and nothing else keeps this store from it but the address.
  const closed = openReadable(`${server.url}?signature=SECRET`, { environment: environment("") });
  for (
    const attempt of [() => closed.get("a"), () => closed.head("a"), () => closed.getRange("a", { suffixLength: 1 })]
  ) {
    const { message } = await refused(attempt);
    assertEquals(message.includes("SECRET"), false);
  }
  assertEquals(server.requests.length, 1);
  await server.stop();
});

Deno.test("a redirect that leaves the path of what is allowed is not followed, on the same server neither", async () => {
  const server = serve((request) =>
    new URL(request.url).pathname === "/open/secret"
      ? Response.redirect(new URL("/closed/secret?sig=SECRET", request.url))
      : new Response("here")
  );
  const guarded = createGuardedFetch({ allow: [`${server.url}/open`] });
  assertEquals(await (await guarded(`${server.url}/open/a`)).text(), "here");
  const { message } = await refused(() => guarded(`${server.url}/open/secret`));
  assertEquals([message.includes("SECRET"), message.includes("closed")], [false, false]);
  assertEquals(server.requests.length, 2);
  await server.stop();
  const elsewhere = createGuardedFetch({
    allow: ["https://store.example/open"],
    resolve: () => Promise.resolve(["93.184.216.34"]),
    fetch: () => Promise.resolve(Response.redirect("https://else.example/")),
  });
  await refused(() => elsewhere("https://store.example/open/a"));
});

Deno.test("a function opens what its lists allow, to read and to write, and nothing else", async () => {
  const variables: Record<string, string> = {
    CLEARSTACK_ALLOW_SOURCES: "/in memory:in",
    CLEARSTACK_ALLOW_OUTPUTS: "/out s3://out",
  };
  const environment = servedEnvironment((name) => variables[name]);
  for (const url of ["/in", "/out/a", "memory:in/a"]) {
    assertEquals(await openReadable(url, { environment }).get("none"), undefined);
  }
  for (const url of ["/out/a", "s3://out/a"]) openStore(url, { environment });
  for (const url of ["/etc/passwd", "/in#/a", "/in/../etc", "memory:jobs", "s3://in/a", "https://public.example/"]) {
    const store = openReadable(url, { environment });
    for (
      const attempt of [
        () => store.get("a"),
        () => store.head("a"),
        () => store.getRange("a", { suffixLength: 1 }),
        () => Array.fromAsync(store.list("")),
        () => Array.fromAsync(store.listNames("")),
      ]
    ) await refused(attempt);
  }
  for (const url of ["/in/a", "memory:in/a", "s3://outer/a", "/out/../in"]) {
    await refused(() => Promise.resolve().then(() => openStore(url, { environment })));
  }
});

Deno.test("of a folder that no list allows, what is allowed by its own name is read", async () => {
  await openStore("memory:one").put("file.tif", new Uint8Array(3));
  const environment = servedEnvironment((name) => name === "CLEARSTACK_ALLOW" ? "memory:one/file.tif" : undefined);
  const store = openReadable("memory:one", { environment });
  assertEquals((await store.get("file.tif"))?.length, 3);
  for (const key of ["file.tif2", "other", "file"]) await refused(() => store.get(key));
});

Deno.test("lists come through to a process that is started, spaces and all", () => {
  const places = { sources: ["/my data", "https://", "memory:x"], outputs: ["s3://b/c", "file:///o%20p/"] };
  const variables = allowedVariables(places);
  assertEquals(readAllowedPlaces((name) => variables[name]), {
    sources: ["file:///my%20data", "https://", "memory:x"],
    outputs: ["s3://b/c", "file:///o%20p"],
  });
});

Deno.test("the guard is off only where the environment says so", async () => {
  assertEquals(
    servedEnvironment((name) => name === "CLEARSTACK_ADDRESS_GUARD" ? "off" : undefined).fetchNamed,
    undefined,
  );
  await refused(() => servedEnvironment(() => undefined).fetchNamed!("http://127.0.0.1:1/"));
  const misspelt = () => Promise.resolve(servedEnvironment(() => "of"));
  await assertRejects(async () => await misspelt(), ClearstackError, "CLEARSTACK_ADDRESS_GUARD");
});
