import { assert, assertEquals } from "@std/assert";
import { isApiKey } from "shared/keys/api_key.ts";
import { runCli } from "../run_cli.ts";

const folder = await Deno.makeTempDir({ prefix: "clearstack-keys-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

Deno.test("a key is printed once, kept as a hash that only its owner's user can read, listed and removed", async () => {
  const file = `${folder}/keys.json`;
  const { status, out, err } = await runCli([
    "keys",
    "create",
    "lab",
    "--file",
    file,
    "--roles",
    "read,admin",
    "--days",
    "30",
  ]);
  assertEquals(status, 0, err);
  const key = out.trim();
  const text = await Deno.readTextFile(file);
  const [record] = JSON.parse(text).keys;
  assert(isApiKey(key, record.sha256) && !text.includes(key.slice(-20)));
  assertEquals([record.id, record.roles], ["lab", ["read", "admin"]]);
  if (Deno.build.os !== "windows") assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);

  assertEquals((await runCli(["keys", "create", "other", "--file", file, "--quiet"])).err, "");
  const listed = (await runCli(["keys", "list", "--file", file])).out;
  assert(
    /^lab +read,admin +created .* expires /m.test(listed) && /^other +submit .* never expires$/m.test(listed),
    listed,
  );
  assert(!listed.includes(record.sha256));
  assertEquals((await runCli(["keys", "remove", "lab", "--file", file])).status, 0);
  assertEquals(JSON.parse(await Deno.readTextFile(file)).keys.length, 1);
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["keys.json"]);
});

for (
  const [what, args, words] of [
    ["no task", [], "expected one of create, list, remove"],
    ["another task", ["rotate"], "rotate"],
    ["an id with a capital", ["create", "Lab", "--file", `${folder}/a`], "Lab"],
    ["an unknown role", ["create", "lab", "--file", `${folder}/a`, "--roles", "root"], "root"],
    ["no file", ["create", "lab"], "--file"],
    ["days that are none", ["create", "lab", "--file", `${folder}/a`, "--days", "0"], "--days"],
    ["a file that is not there", ["list", "--file", `${folder}/none`], "none"],
    ["a folder that is not there", ["create", "lab", "--file", `${folder}/no/a`], "cannot be written"],
  ] as const
) {
  Deno.test(`keys with ${what} is refused in one line`, async () => {
    const { status, err } = await runCli(["keys", ...args]);
    assertEquals(status, 2);
    assert(/^clearstack: [^\n]*\n$/.test(err) && err.includes(words), err);
  });
}

Deno.test("an id that is there already is refused, and a file that is damaged is left as it is", async () => {
  const file = `${folder}/twice.json`;
  await runCli(["keys", "create", "lab", "--file", file]);
  const before = await Deno.readTextFile(file);
  assertEquals((await runCli(["keys", "create", "lab", "--file", file])).status, 2);
  assertEquals((await runCli(["keys", "remove", "nobody", "--file", file])).status, 2);
  assertEquals(await Deno.readTextFile(file), before);
  await Deno.writeTextFile(file, "{");
  assertEquals((await runCli(["keys", "create", "new", "--file", file])).status, 2);
  assertEquals(await Deno.readTextFile(file), "{");
});
