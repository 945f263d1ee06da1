import { assertEquals, assertRejects } from "@std/assert";
import { ComputeTurn, endTurn, freeTurn } from "kernels/webgpu/worker/compute_turn.ts";

const wanted = () => false;
const turnOfLoop = () => new Promise<void>((resolve) => setTimeout(resolve));

Deno.test("those who share a state compute one at a time, and a failure passes the turn on", async () => {
  const state = freeTurn();
  let [inside, most, runs] = [0, 0, 0];
  const compute = async () => {
    most = Math.max(most, ++inside);
    await turnOfLoop();
    inside--;
    if (++runs === 2) throw new Error("failed");
  };
  const turns = [1, 2, 3].map((worker) => new ComputeTurn(state, worker));
  const failures = (await Promise.allSettled([...turns, ...turns].slice(0, 3).map((turn) => turn.run(compute, wanted))))
    .filter(({ status }) => status === "rejected");
  assertEquals([most, runs, failures.length], [1, 3, 1]);
});

Deno.test("the turn of a Worker that was ended goes to the next one, and is not taken from another", async () => {
  const state = freeTurn();
  const stuck = new ComputeTurn(state, 1).run(() => new Promise<never>(() => {}), wanted);
  let ran = false;
  const next = new ComputeTurn(state, 2).run(() => Promise.resolve(ran = true), wanted);
  endTurn(state, 2);
  await turnOfLoop();
  assertEquals(ran, false);
  endTurn(state, 1);
  await next;
  assertEquals(ran, true);
  void stuck;
});

Deno.test("who is not wanted any more stops waiting, and leaves the turn with its holder", async () => {
  const state = freeTurn();
  const release = Promise.withResolvers<void>();
  const holder = new ComputeTurn(state, 1).run(() => release.promise, wanted);
  const cancelled = new ComputeTurn(state, 2).run(() => Promise.reject(new Error("cancelled")), () => true);
  await assertRejects(() => cancelled, Error, "cancelled");
  assertEquals(state[0], 1);
  release.resolve();
  await holder;
  assertEquals(state[0], 0);
});
