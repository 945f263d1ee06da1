import { assertEquals, assertRejects } from "@std/assert";
import { RecentCache } from "shared/process/recent_cache.ts";

/** A cache that counts how often each key was made. */
function counted(capacity: number) {
  const cache = new RecentCache<string, string>(capacity);
  const made: string[] = [];
  const get = (key: string) =>
    cache.get(key, () => {
      made.push(key);
      return Promise.resolve(key);
    });
  return { get, made };
}

Deno.test("an entry is made once, also for those who ask at the same time", async () => {
  const { get, made } = counted(2);
  assertEquals(await Promise.all([get("a"), get("a"), get("a")]), ["a", "a", "a"]);
  assertEquals(made, ["a"]);
});

Deno.test("the entry that was not used for longest goes first", async () => {
  const { get, made } = counted(2);
  for (const key of ["a", "b", "a", "c", "a", "b"]) await get(key);
  assertEquals(made, ["a", "b", "c", "b"]);
});

Deno.test("a failure is not remembered", async () => {
  const cache = new RecentCache<string, number>(2);
  await assertRejects(() => cache.get("a", () => Promise.reject(new Error("once"))), Error, "once");
  assertEquals(await cache.get("a", () => Promise.resolve(1)), 1);
});
