import { assertEquals, assertThrows } from "@std/assert";
import { openEngine } from "functions/orchestrate/open_engine.ts";
import { ClearstackError } from "shared/errors.ts";
import { openStore } from "shared/storage/open_store.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";

const open = (variables: Record<string, string>) =>
  openEngine({ env: (name) => variables[name], store: openStore(memoryUrl()), token: undefined });

const KEY = "publickeyv1_2G8dCQhArfvGpzPw5Vx2ALciR4xCLHfS5YaT93XjNxX9";

Deno.test("without a word the engine is the local one and no further port is opened", () => {
  assertEquals(open({}).restate, undefined);
});

Deno.test("the Restate engine listens on this machine and tells the server where, if it may", () => {
  const { restate } = open({ CLEARSTACK_ENGINE: "restate", CLEARSTACK_RESTATE_ADMIN: "http://127.0.0.1:9070" });
  assertEquals(restate?.address, { hostname: "127.0.0.1", port: 9080 });
  const registration = { adminUrl: "http://127.0.0.1:9070", endpointUrl: "http://127.0.0.1:9080" };
  assertEquals(restate?.registration, registration);
});

Deno.test("an address that others can reach needs a key that tells the server from them", () => {
  const env = { CLEARSTACK_ENGINE: "restate", HOST: "0.0.0.0" };
  assertThrows(() => open(env), ClearstackError, "RESTATE_IDENTITY_KEY");
  assertEquals(open({ ...env, RESTATE_IDENTITY_KEY: KEY }).restate?.address.hostname, "0.0.0.0");
});

for (
  const [name, value] of [
    ["CLEARSTACK_ENGINE", "temporal"],
    ["CLEARSTACK_TILES_URL", "http://127.0.0.1:8081 nowhere"],
    ["CLEARSTACK_INSTANCES", "0"],
    ["CLEARSTACK_TILES_PER_OWNER", "many"],
    ["RESTATE_IDENTITY_KEY", "secret"],
  ] as const
) {
  Deno.test(`a wrong ${name} is refused by name`, () => {
    assertThrows(() => open({ CLEARSTACK_ENGINE: "restate", [name]: value }), ClearstackError, name);
  });
}
