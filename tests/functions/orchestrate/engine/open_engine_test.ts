import { assertEquals, assertRejects } from "@std/assert";
import { openEngine } from "functions/orchestrate/engine/open_engine.ts";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openStore } from "../../../stores.ts";

const open = (variables: Record<string, string>) =>
  openEngine({
    env: (name) => variables[name],
    control: { awayMs: 0 },
    store: openStore(memoryUrl()),
    token: undefined,
  });

const KEY = "publickeyv1_2G8dCQhArfvGpzPw5Vx2ALciR4xCLHfS5YaT93XjNxX9";

Deno.test("without a word the engine is the local one and no further port is opened", async () => {
  assertEquals((await open({})).restate, undefined);
});

Deno.test("the Restate engine listens on this machine and tells the server where, if it may", async () => {
  const { restate } = await open({ CLEARSTACK_ENGINE: "restate", CLEARSTACK_RESTATE_ADMIN: "http://127.0.0.1:9070" });
  assertEquals(restate?.address, { hostname: "127.0.0.1", port: 9080 });
  assertEquals(typeof restate?.register, "function");
  assertEquals((await open({ CLEARSTACK_ENGINE: "restate" })).restate?.register, undefined);
});

Deno.test("an address that others can reach needs a key that tells the server from them", async () => {
  const env = { CLEARSTACK_ENGINE: "restate", HOST: "0.0.0.0" };
  await assertRejects(() => open(env), ClearstackError, "RESTATE_IDENTITY_KEY");
  assertEquals((await open({ ...env, RESTATE_IDENTITY_KEY: KEY })).restate?.address.hostname, "0.0.0.0");
});

for (
  const [name, value] of [
    ["CLEARSTACK_ENGINE", "temporal"],
    ["CLEARSTACK_TILES_URL", "http://127.0.0.1:8081 nowhere"],
    ["CLEARSTACK_INSTANCES_PER_URL", "0"],
    ["CLEARSTACK_TILES_PER_OWNER", "many"],
    ["RESTATE_IDENTITY_KEY", "secret"],
  ] as const
) {
  Deno.test(`a wrong ${name} is refused by name`, async () => {
    await assertRejects(() => open({ CLEARSTACK_ENGINE: "restate", [name]: value }), ClearstackError, name);
  });
}
