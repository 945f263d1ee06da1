import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { STORE_PROMISES } from "../../fixtures/store_promises.ts";
import { openStore } from "../../stores.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const sorted = async (keys: AsyncIterable<string>) => (await Array.fromAsync(keys)).sort();

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [name, holds] of Object.entries(STORE_PROMISES)) {
  Deno.test(`in a folder, ${name}`, () => inFolder((folder) => holds(openStore(`${folder}/below`))));
  Deno.test(`in memory, ${name}`, () => holds(openStore(memoryUrl())));
}

Deno.test("the same memory name is the same store, below a folder of it too", async () => {
  const url = memoryUrl();
  await openStore(`${url}/x`).put("k", bytes("1"));
  assertEquals(await openStore(url).get("x/k"), bytes("1"));
  assertEquals(await openStore(memoryUrl()).get("x/k"), undefined);
});

Deno.test("what is put into memory is a copy", async () => {
  const store = openStore(memoryUrl());
  const mine = bytes("abc");
  await store.put("k", mine);
  mine.fill(0);
  (await store.get("k"))!.fill(0);
  assertEquals(await store.get("k"), bytes("abc"));
});

Deno.test("a scheme that is not known is refused with the list of those that are", () => {
  const error = assertThrows(() => openStore("ftp://host/x"), ClearstackError, "file:, http:, https:, memory:");
  assertEquals(error.kind, "invalid-request");
});

Deno.test("file URLs and paths name the same folder, and a Windows drive is no scheme", () =>
  inFolder(async (folder) => {
    await openStore(`file://${folder}`).put("k", bytes("1"));
    assertEquals(await openStore(`${folder}/`).get("k"), bytes("1"));
    assertEquals(await openStore("c:nothing-here").get("k"), undefined);
  }));

Deno.test("a folder that cannot be written is unwritable, with the path and the reason", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "in the way");
    const error = await assertRejects(() => openStore(`${folder}/file`).put("k", bytes("1")), ClearstackError);
    assertEquals(error.kind, "unwritable");
    assertEquals(error.message, `cannot write ${folder}/file/k: a file stands where a folder is needed`);
    const gone = await assertRejects(() => openStore("/proc/nothing").put("k", bytes("1")), ClearstackError);
    assertEquals(gone.kind, "unwritable");
  }));

Deno.test("a process killed while it writes leaves whole objects or none under their names", () =>
  inFolder(async (folder) => {
    const writer = `
      import { openStore } from "shared/storage/open_store.ts";
      const store = openStore(${JSON.stringify(folder)}, { environment: { env: () => undefined } });
      for (let i = 0;; i++) await store.put("k" + (i % 4), new Uint8Array(8_000_000).fill(1 + i % 250));
    `;
    await Deno.writeTextFile(`${folder}/writer.ts`, writer);
    const config = new URL("../../../deno.json", import.meta.url).pathname;
    const args = ["run", "-A", "--no-check", "--no-lock", "--config", config, `${folder}/writer.ts`];
    const process = new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "null" }).spawn();
    const store = openStore(folder);
    while (await store.head("k3") === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill("SIGKILL");
    await process.status;
    for await (const key of store.list("k")) {
      const object = (await store.get(key))!;
      assertEquals(object.length, 8_000_000, key);
      assertEquals(object.every((value) => value === object[0]), true, key);
    }
    assertEquals((await sorted(store.list("k"))).length, 4);
  }));

Deno.test("a name that no file can have is the caller's fault, and is asked for once", () =>
  inFolder(async (folder) => {
    await Deno.symlink(`${folder}/b`, `${folder}/a`);
    await Deno.symlink(`${folder}/a`, `${folder}/b`);
    for (const [key, reason] of [["x".repeat(256), "name too long"], ["a", "symbolic links"]] as const) {
      for (const read of ["get", "head"] as const) {
        // Nobody would wait for a second attempt.
        const store = openStore(folder, { backoffMs: 2 ** 30 });
        const error = await assertRejects(() => store[read](key), ClearstackError, reason);
        assertEquals([error.kind, error.retryable], ["invalid-request", false]);
      }
    }
  }));
