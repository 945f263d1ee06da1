import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
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

Deno.test("a caller that goes away leaves what others wait for, and the last one stops it", async () => {
  const cache = new RecentCache<string, string>(2);
  const made: AbortSignal[] = [];
  const answer = Promise.withResolvers<string>();
  const get = (signal: AbortSignal) =>
    cache.get("a", (shared) => {
      made.push(shared);
      return answer.promise;
    }, signal);
  const [first, second] = [new AbortController(), new AbortController()];
  const [one, two] = [get(first.signal), get(second.signal)];
  first.abort();
  assertEquals((await assertRejects(() => one, ClearstackError)).kind, "cancelled");
  assertEquals(made.map(({ aborted }) => aborted), [false]);
  second.abort();
  assertEquals((await assertRejects(() => two, ClearstackError)).kind, "cancelled");
  assertEquals(made.map(({ aborted }) => aborted), [true]);
  // Whoever comes later does not share what was stopped.
  const third = get(new AbortController().signal);
  assertEquals(made.length, 2);
  answer.resolve("value");
  assertEquals(await third, "value");
});

Deno.test("a caller that went away before it asked has nothing made for it", async () => {
  const cache = new RecentCache<string, string>(2);
  const get = () => cache.get("a", () => Promise.reject(new Error("made")), AbortSignal.abort());
  assertEquals((await assertRejects(get, ClearstackError)).kind, "cancelled");
});
