import { assertEquals, assertRejects } from "@std/assert";
import { FairLock } from "functions/deconvolve/fair_lock.ts";
import { ClearstackError } from "shared/errors.ts";

const never = new AbortController().signal;
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

Deno.test("holders follow each other in the order they came", async () => {
  const lock = new FairLock();
  const log: string[] = [];
  await Promise.all(["a", "b", "c"].map((name) =>
    lock.run(async () => {
      log.push(`${name} in`);
      await turn();
      log.push(`${name} out`);
    }, never)
  ));
  assertEquals(log, ["a in", "a out", "b in", "b out", "c in", "c out"]);
});

Deno.test("a holder that fails passes the lock on", async () => {
  const lock = new FairLock();
  await assertRejects(() => lock.run(() => Promise.reject(new Error("failed")), never), Error, "failed");
  assertEquals(await lock.run(() => Promise.resolve(1), never), 1);
});

Deno.test("who gives up waiting is never run, and those behind still are", async () => {
  const lock = new FairLock();
  const stop = new AbortController();
  const ran: string[] = [];
  const first = lock.run(turn, never);
  const second = lock.run(() => Promise.resolve(ran.push("second")), stop.signal);
  const third = lock.run(() => Promise.resolve(ran.push("third")), never);
  stop.abort();
  assertEquals((await assertRejects(() => second, ClearstackError)).kind, "cancelled");
  await Promise.all([first, third]);
  assertEquals(ran, ["third"]);
});

Deno.test("who has given up before is not run even if the lock is free", async () => {
  const lock = new FairLock();
  await assertRejects(() => lock.run(() => Promise.resolve(), AbortSignal.abort()), ClearstackError, "cancelled");
  await lock.run(() => Promise.resolve(), never);
});
