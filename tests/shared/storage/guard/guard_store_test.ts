import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError, type ErrorKind } from "shared/errors.ts";
import { guardStore } from "shared/storage/guard/guard_store.ts";
import { memoryStore } from "shared/storage/memory_store.ts";
import type { Store } from "shared/storage/store.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";

/** A store whose `get` does as told. */
function fake(get: Store["get"]): Store {
  return { ...memoryStore(memoryUrl()), get };
}

/** A store that fails `count` times with `kind`, then answers. */
function failing(count: number, kind: ErrorKind) {
  let calls = 0;
  const store = fake(() => {
    if (++calls <= count) return Promise.reject(new ClearstackError(kind, `failure ${calls}`));
    return Promise.resolve(Uint8Array.of(1));
  });
  return { store, calls: () => calls };
}

Deno.test("what may succeed later is tried as often as agreed, anything else once", async () => {
  for (
    const [kind, failures, calls] of [["store-unavailable", 4, 5], ["forbidden", 1, 1], ["unwritable", 1, 1]] as const
  ) {
    const { store, calls: made } = failing(failures, kind);
    const attempt = guardStore(store, { attempts: 5, backoffMs: 1 }).get("k");
    if (kind === "store-unavailable") assertEquals(await attempt, Uint8Array.of(1));
    else assertEquals((await assertRejects(() => attempt, ClearstackError, "failure 1")).kind, kind);
    assertEquals(made(), calls);
  }
});

Deno.test("after the last attempt the last error is thrown", async () => {
  const { store } = failing(9, "store-unavailable");
  await assertRejects(() => guardStore(store, { attempts: 3, backoffMs: 1 }).get("k"), ClearstackError, "failure 3");
});

Deno.test("pauses double, give or take a quarter", async () => {
  const times: number[] = [];
  const store = fake(() => {
    times.push(performance.now());
    return Promise.reject(new ClearstackError("store-unavailable", "busy"));
  });
  await assertRejects(() => guardStore(store, { attempts: 4, backoffMs: 40 }).get("k"), ClearstackError);
  const pauses = times.slice(1).map((time, index) => time - times[index]!);
  // 40, 80 and 160 ms times 0.75 to 1.25; timers fire late but, to a millisecond, never early.
  [40, 80, 160].forEach((wanted, index) => assertEquals(pauses[index]! >= 0.75 * wanted - 1, true, `${pauses}`));
});

Deno.test("no more requests than agreed are in flight, and all are made", async () => {
  let inFlight = 0;
  let most = 0;
  const store = fake(async () => {
    most = Math.max(most, ++inFlight);
    await new Promise((resolve) => setTimeout(resolve, 1));
    inFlight--;
    return Uint8Array.of(1);
  });
  const guarded = guardStore(store, { concurrency: 3 });
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => guarded.get(`k${index}`)));
  assertEquals([answers.length, most, inFlight], [40, 3, 0]);
});

Deno.test("a request that failed makes room for the next", async () => {
  const store = fake(() => Promise.reject(new ClearstackError("forbidden", "no")));
  const guarded = guardStore(store, { concurrency: 1 });
  const outcomes = await Promise.allSettled([1, 2, 3].map((index) => guarded.get(`k${index}`)));
  assertEquals(outcomes.map((outcome) => outcome.status), ["rejected", "rejected", "rejected"]);
});

Deno.test("a signal that has fired before the call makes no request", async () => {
  const { store, calls } = failing(0, "internal");
  const error = await assertRejects(() => guardStore(store).get("k", { signal: AbortSignal.abort() }), ClearstackError);
  assertEquals([error.kind, calls()], ["cancelled", 0]);
});
