import { assertEquals, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { boot } from "shared/http/boot.ts";
import { readCorsOrigins } from "shared/http/cors_origins.ts";

type Handler = (request: Request) => Response | Promise<Response>;

/** What `boot` hands to `Deno.serve`. */
function served(variables: Readonly<Record<string, string>>): Handler {
  let handler: Handler | undefined;
  const serve = ((_options: unknown, given: Handler) => handler = given) as unknown as typeof Deno.serve;
  const host = { env: { get: (name: string) => variables[name] }, serve };
  boot(host, { name: "test", port: 1 }).serve({ fetch: () => new Response("here") });
  return handler!;
}

const ask = async (handler: Handler, url: string, headers: Record<string, string> = {}) =>
  (await handler(new Request(url, { headers }))).status;

Deno.test("every function that is started without a token keeps to names of this machine", async () => {
  const open = served({});
  assertEquals(await ask(open, "http://127.0.0.1:8081/"), 200);
  assertEquals(await ask(open, "http://evil.example:8081/"), 421);
  assertEquals(await ask(open, "http://127.0.0.1:8081/", { origin: "https://evil.example" }), 403);
  for (const variables of [{ CLEARSTACK_TOKEN: "x" }, { CLEARSTACK_INSECURE: "true", HOST: "0.0.0.0" }]) {
    assertEquals(await ask(served(variables), "http://clearstack.example/"), 200);
  }
});

Deno.test("origins are listed as browsers send them", () => {
  const read = (list: string) => readCorsOrigins(() => list);
  assertEquals(read(" https://a.example\nhttp://localhost:3000 "), ["https://a.example", "http://localhost:3000"]);
  for (const bad of ["*", "https://a.example/", "a.example", "https://a.example/app", "null"]) {
    assertThrows(() => read(bad), ClearstackError, "CLEARSTACK_CORS");
  }
});
