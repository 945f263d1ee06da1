import { assertEquals } from "@std/assert";
import { blockReader } from "shared/storage/block_reader.ts";
import { memoryStore } from "shared/storage/memory_store.ts";
import type { Store } from "shared/storage/store.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";

const SIZE = 200_000;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => (index * 7) % 251);

async function countedStore(): Promise<{ store: Store; requests: () => number }> {
  const inner = memoryStore(memoryUrl());
  await inner.put("k", BYTES);
  let requests = 0;
  const getRange: Store["getRange"] = (key, range) => {
    requests++;
    return inner.getRange(key, range);
  };
  return { store: { ...inner, getRange }, requests: () => requests };
}

Deno.test("any piece is what stands there, shortened at the object's end", async () => {
  const { store } = await countedStore();
  const read = blockReader(store, "k", { size: SIZE });
  for (const [offset, length] of [[0, 8], [65_530, 20], [65_536, 65_536], [100, 150_000], [199_990, 100], [SIZE, 5]]) {
    assertEquals(await read(offset!, length!), BYTES.slice(offset!, offset! + length!));
  }
});

Deno.test("many small pieces cost one request per block", async () => {
  const { store, requests } = await countedStore();
  const read = blockReader(store, "k", { size: SIZE });
  await Promise.all(Array.from({ length: 100 }, (_, index) => read(index * 1000, 16)));
  assertEquals(requests(), 2);
});

Deno.test("a block that could not be read is asked for again", async () => {
  const { store } = await countedStore();
  let failed = false;
  const flaky: Store = {
    ...store,
    getRange: (key, range) => {
      if (failed) return store.getRange(key, range);
      failed = true;
      return Promise.reject(new Error("once"));
    },
  };
  const read = blockReader(flaky, "k", { size: SIZE });
  await read(0, 4).catch(() => {});
  assertEquals(await read(0, 4), BYTES.slice(0, 4));
});
