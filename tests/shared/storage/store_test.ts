import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { Store } from "shared/storage/store.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";

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

/** What every writable store does. */
const PROMISES: Record<string, (store: Store) => Promise<void>> = {
  async "what is put is what is got"(store) {
    assertEquals(await store.put("a/b/c", bytes("hello")), true);
    assertEquals(await store.get("a/b/c"), bytes("hello"));
    await store.put("a/b/c", bytes("bye"));
    assertEquals(await store.get("a/b/c"), bytes("bye"));
    await store.put("empty", new Uint8Array(0));
    assertEquals(await store.get("empty"), new Uint8Array(0));
  },
  async "what is not there is undefined"(store) {
    await store.put("a/b", bytes("x"));
    for (const key of ["nothing", "a", "a/b/c"]) {
      assertEquals(await store.get(key), undefined);
      assertEquals(await store.getRange(key, { offset: 0, length: 1 }), undefined);
      assertEquals(await store.head(key), undefined);
    }
    await store.delete("nothing");
  },
  async "ranges are exact, and an object too short for one is corrupt-data"(store) {
    await store.put("k", bytes("0123456789"));
    assertEquals(await store.getRange("k", { offset: 2, length: 3 }), bytes("234"));
    assertEquals(await store.getRange("k", { suffixLength: 4 }), bytes("6789"));
    for (const range of [{ offset: 8, length: 3 }, { offset: 50, length: 1 }, { suffixLength: 11 }]) {
      const error = await assertRejects(() => store.getRange("k", range), ClearstackError, "cut short");
      assertEquals(error.kind, "corrupt-data");
    }
  },
  async "size is known and the tag changes with the object"(store) {
    await store.put("k", bytes("12345"));
    const first = await store.head("k");
    assertEquals(first?.size, 5);
    await store.put("k", bytes("123456"));
    assertEquals((await store.head("k"))?.etag === first?.etag, false);
  },
  async "putting only if absent keeps what is there and says so"(store) {
    assertEquals(await store.put("k", bytes("first"), { ifAbsent: true }), true);
    assertEquals(await store.put("k", bytes("second"), { ifAbsent: true }), false);
    assertEquals(await store.get("k"), bytes("first"));
    assertEquals(await sorted(store.list("")), ["k"]);
  },
  async "of many that put if absent at once, one wins"(store) {
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, id) => store.put("k", bytes(`${id}`), { ifAbsent: true })),
    );
    assertEquals(won.filter((one) => one).length, 1);
    assertEquals(await store.get("k"), bytes(`${won.indexOf(true)}`));
  },
  async "listings and removals go by prefix"(store) {
    for (const key of ["a/1", "a/2/x", "ab/3", "b"]) await store.put(key, bytes(key));
    assertEquals(await sorted(store.list("")), ["a/1", "a/2/x", "ab/3", "b"]);
    assertEquals(await sorted(store.list("a/")), ["a/1", "a/2/x"]);
    assertEquals(await sorted(store.list("a")), ["a/1", "a/2/x", "ab/3"]);
    assertEquals(await sorted(store.list("nothing/")), []);
    assertEquals(await sorted(store.listNames("")), ["a/", "ab/", "b"]);
    assertEquals(await sorted(store.listNames("a/")), ["1", "2/"]);
    await store.deleteAll("a/");
    assertEquals(await sorted(store.list("")), ["ab/3", "b"]);
    await store.delete("b");
    await store.deleteAll("a");
    assertEquals(await sorted(store.list("")), []);
    await store.put("again", bytes("x"));
    await store.deleteAll("");
    assertEquals(await sorted(store.list("")), []);
  },
  async "no key climbs out of the store"(store) {
    for (const key of ["../x", "a/../../x", "/etc/passwd", "a//b", "", "a/", ".", "a\\..\\b", "a\0b"]) {
      const error = await assertRejects(() => store.get(key), ClearstackError, "not a usable path");
      assertEquals(error.kind, "invalid-request");
      await assertRejects(() => store.put(key, bytes("x")), ClearstackError);
    }
    assertThrows(() => store.list("../"), ClearstackError);
    await assertRejects(() => store.deleteAll("../"), ClearstackError);
  },
};

for (const [name, holds] of Object.entries(PROMISES)) {
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
      const store = openStore(${JSON.stringify(folder)});
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
