import { assert, assertEquals } from "@std/assert";
import { runCli } from "./run_cli.ts";

const SECRET = "secret-of-this-test";
const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(SECRET))).toHex();
const rules = {
  sources: { s3: { secretSha256: [hash] } },
  rules: [{ bucket: "watched", key: "**", when: "tiff", job: { psf: "/psf.tif", output: "/results/{key}.zarr" } }],
};

Deno.test("serve takes the events that its rules name, from senders that prove themselves", async () => {
  const listening = Promise.withResolvers<string>();
  const interrupt = Promise.withResolvers<() => void>();
  const running = runCli(["serve", "--port", "0", "--events", JSON.stringify(rules)], {
    onOut: (text) => listening.resolve(text.trim()),
    onInterrupt: interrupt.resolve,
  });
  const url = `${await listening.promise}/v1/events`;
  const file = new URL("../../fixtures/events/s3_put.json", import.meta.url);
  const { headers, body } = JSON.parse(await Deno.readTextFile(file));
  const send = (query: string) => fetch(`${url}${query}`, { method: "POST", headers, body: JSON.stringify(body) });
  const accepted = await send(`?secret=${SECRET}`);
  assertEquals([accepted.status, await accepted.json()], [202, { accepted: 0, ignored: 1, refused: 0 }]);
  const refused = await send("");
  assertEquals([refused.status, (await refused.json()).status], [401, 401]);
  (await interrupt.promise)();
  assertEquals((await running).status, 0);
});

Deno.test("serve with rules that cannot be used says where they are wrong, and does not start", async () => {
  const wrong = JSON.stringify({ ...rules, rules: [{ ...rules.rules[0], when: "png" }] });
  const { status, err } = await runCli(["serve", "--port", "0", "--events", wrong], {});
  assertEquals(status, 2);
  assert(err.includes("rules.0.when"), err);
  const absent = await runCli(["serve", "--port", "0", "--events", "/no/such/rules.json"], {});
  assertEquals(absent.status, 2);
});
