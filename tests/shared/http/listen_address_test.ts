import { assertEquals, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { listenAddress } from "shared/http/listen_address.ts";

const address = (variables: Record<string, string>, authenticatesCallers = false) =>
  listenAddress((name) => variables[name], { port: 8081, variables: "CLEARSTACK_TOKEN", authenticatesCallers });

Deno.test("a function listens on this machine where nothing else is said", () => {
  assertEquals(address({}), { hostname: "127.0.0.1", port: 8081 });
  assertEquals(address({ HOST: "::1", PORT: "0" }), { hostname: "::1", port: 0 });
});

Deno.test("an address that others can connect to needs callers to be told apart, or the word that they need not be", () => {
  for (const HOST of ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.org", "example.org"]) {
    assertThrows(() => address({ HOST }), ClearstackError, "set CLEARSTACK_TOKEN");
    assertEquals(address({ HOST }, true).hostname, HOST);
    assertEquals(address({ HOST, CLEARSTACK_INSECURE: "true" }).hostname, HOST);
    assertThrows(() => address({ HOST, CLEARSTACK_INSECURE: "false" }), ClearstackError);
  }
});

Deno.test("a port that is none is refused by name", () => {
  for (const PORT of ["", "x", "-1", "65536", "1.5"]) assertThrows(() => address({ PORT }), ClearstackError, "PORT");
});
