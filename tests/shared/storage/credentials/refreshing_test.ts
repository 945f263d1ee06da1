import { assertEquals, assertRejects } from "@std/assert";
import { refreshing } from "shared/storage/credentials/refreshing.ts";

const MINUTE = 60_000;

/** A value that says how often it was loaded, with a clock and a switch to make loading fail. */
function counted(lifeMinutes: number | undefined) {
  const state = { now: 0, loads: 0, failing: false };
  const load = async () => {
    state.loads++;
    await Promise.resolve();
    if (state.failing) throw new Error("cannot load");
    const expiresAt = lifeMinutes === undefined ? {} : { expiresAt: state.now + lifeMinutes * MINUTE };
    return { id: state.loads, ...expiresAt };
  };
  return { state, value: refreshing(load, () => state.now) };
}

Deno.test("what never expires is loaded once, however many ask at once", async () => {
  const { state, value } = counted(undefined);
  const ids = await Promise.all([value.get(), value.get(), value.get()]);
  state.now = 1e12;
  assertEquals([...ids, await value.get()].map(({ id }) => id), [1, 1, 1, 1]);
});

Deno.test("what lives an hour is renewed five minutes before its end", async () => {
  const { state, value } = counted(60);
  await value.get();
  state.now = 54.9 * MINUTE;
  assertEquals((await value.get()).id, 1);
  state.now = 55.1 * MINUTE;
  assertEquals((await value.get()).id, 2);
});

Deno.test("what lives four minutes is renewed at half its life, not at every request", async () => {
  const { state, value } = counted(4);
  await value.get();
  state.now = 1.9 * MINUTE;
  assertEquals((await value.get()).id, 1);
  state.now = 2.1 * MINUTE;
  assertEquals((await value.get()).id, 2);
});

Deno.test("a failed renewal keeps the old value to its end, and then says why", async () => {
  const { state, value } = counted(60);
  await value.get();
  state.failing = true;
  state.now = 56 * MINUTE;
  assertEquals((await value.get()).id, 1);
  state.now = 61 * MINUTE;
  await assertRejects(() => value.get(), Error, "cannot load");
  state.failing = false;
  assertEquals((await value.get()).id, state.loads);
});

Deno.test("what was forgotten is loaded anew", async () => {
  const { value } = counted(undefined);
  await value.get();
  value.forget();
  assertEquals((await value.get()).id, 2);
});
