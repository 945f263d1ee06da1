import { assertEquals, assertRejects } from "@std/assert";
import { FairSlots } from "functions/deconvolve/pool/fair_slots.ts";
import { ClearstackError } from "shared/errors.ts";

const never = new AbortController().signal;
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

Deno.test("holders follow each other in the order they came", async () => {
  const slots = new FairSlots();
  const log: string[] = [];
  await Promise.all(["a", "b", "c"].map((name) =>
    slots.run(
      async () => {
        log.push(`${name} in`);
        await turn();
        log.push(`${name} out`);
      },
      1,
      never,
    )
  ));
  assertEquals(log, ["a in", "a out", "b in", "b out", "c in", "c out"]);
});

Deno.test("a holder that fails passes the slot on", async () => {
  const slots = new FairSlots();
  await assertRejects(() => slots.run(() => Promise.reject(new Error("failed")), 1, never), Error, "failed");
  assertEquals(await slots.run(() => Promise.resolve(1), 1, never), 1);
});

Deno.test("who gives up waiting is never run, and those behind still are", async () => {
  const slots = new FairSlots();
  const stop = new AbortController();
  const ran: string[] = [];
  const first = slots.run(turn, 1, never);
  const second = slots.run(() => Promise.resolve(ran.push("second")), 1, stop.signal);
  const third = slots.run(() => Promise.resolve(ran.push("third")), 1, never);
  stop.abort();
  assertEquals((await assertRejects(() => second, ClearstackError)).kind, "cancelled");
  await Promise.all([first, third]);
  assertEquals(ran, ["third"]);
});

Deno.test("who has given up before is not run even if a slot is free", async () => {
  const slots = new FairSlots();
  await assertRejects(() => slots.run(() => Promise.resolve(), 1, AbortSignal.abort()), ClearstackError, "cancelled");
  await slots.run(() => Promise.resolve(), 1, never);
});

Deno.test("as many hold a slot as the limit says, each another one, the lowest first", async () => {
  const slots = new FairSlots();
  const taken: number[] = [];
  let [inside, most] = [0, 0];
  await Promise.all(Array.from({ length: 6 }, () =>
    slots.run(
      async (slot) => {
        taken.push(slot);
        most = Math.max(most, ++inside);
        await turn();
        inside--;
      },
      2,
      never,
    )));
  assertEquals([most, taken.slice(0, 2), Math.max(...taken)], [2, [0, 1], 1]);
});

Deno.test("who may only have slot 0 waits for all others, and is not passed over", async () => {
  const slots = new FairSlots();
  const log: string[] = [];
  const enter = (name: string, limit: number) =>
    slots.run(
      async () => {
        log.push(name);
        await turn();
      },
      limit,
      never,
    );
  await Promise.all([enter("a", 2), enter("b", 2), enter("alone", 1), enter("c", 2)]);
  assertEquals(log, ["a", "b", "alone", "c"]);
});
