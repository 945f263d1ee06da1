import { assert, assertEquals } from "@std/assert";

Deno.test("a service without a place for temporary folders says which settings name another", async () => {
  const main = new URL("../../../functions/cli/main.ts", import.meta.url).pathname;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main, "serve", "--port", "0"],
    env: { TMPDIR: "/nowhere/at/all" },
  }).output();
  const message = new TextDecoder().decode(stderr);
  assertEquals(code, 2, message);
  for (const name of ["TMPDIR", "CLEARSTACK_VIEW_CACHE"]) assert(message.includes(name), message);
});
