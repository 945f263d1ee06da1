import { assertEquals, assertRejects } from "@std/assert";
import type { Place } from "shared/engine/workers.ts";
import type { Log } from "shared/telemetry/log.ts";
import { Workers } from "shared/engine/workers.ts";
import type { TaskFunctions, TaskKind } from "shared/engine/task_kinds.ts";
import { ClearstackError } from "shared/errors.ts";

const { signal } = new AbortController();

/** Instances that nothing is sent to. */
const instances = (count: number) => Array.from({ length: count }, () => ({}) as TaskFunctions);

/** Which of the promises have settled by now. */
async function granted(takes: readonly Promise<Place<TaskKind>>[]): Promise<boolean[]> {
  const settled = takes.map(() => false);
  takes.forEach((take, index) => take.then(() => settled[index] = true));
  await new Promise((resolve) => setTimeout(resolve, 0));
  return settled;
}

Deno.test("a lane fills every instance with as many tasks as it says, and no more", async () => {
  const workers = new Workers(instances(2));
  const lane = workers.open({ concurrency: 3 });
  const takes = Array.from({ length: 8 }, () => lane.take({ signal }));
  assertEquals(await granted(takes), [true, true, true, true, true, true, false, false]);
  const places = await Promise.all(takes.slice(0, 6));
  assertEquals(places.map(({ instance }) => instance).toSorted(), [0, 0, 0, 1, 1, 1]);
  places[0]!.release();
  assertEquals(await granted(takes.slice(6)), [true, false]);
});

Deno.test("lanes share an instance by the memory that their tasks claim", async () => {
  const workers = new Workers(instances(1));
  const [large, small] = [workers.open({ concurrency: 2 }), workers.open({ concurrency: 4 })];
  const [half] = await Promise.all([large.take({ signal })]);
  const quarters = Array.from({ length: 3 }, () => small.take({ signal }));
  assertEquals(await granted(quarters), [true, true, false]);
  half!.release();
  assertEquals(await granted(quarters), [true, true, true]);
});

Deno.test("a place goes to the lane with the higher priority more often, in proportion", async () => {
  const workers = new Workers(instances(1));
  const lanes = [workers.open({ concurrency: 1, priority: 0 }), workers.open({ concurrency: 1, priority: 3 })];
  const held = await lanes[0]!.take({ signal });
  const order: number[] = [];
  const all = lanes.flatMap((lane, index) =>
    Array.from({ length: 40 }, () =>
      lane.take({ signal }).then((place) => {
        order.push(index);
        place.release();
      }))
  );
  held.release();
  await Promise.all(all);
  const ofUrgent = order.slice(0, 40).filter((index) => index === 1).length;
  // Weights are 1 and 4, so 32 of 40, up to one place either way.
  assertEquals(Math.abs(ofUrgent - 32) <= 1, true, `${ofUrgent} of 40`);
});

Deno.test("an owner at the limit waits while others are served", async () => {
  const workers = new Workers(instances(1), { mostPerOwner: 2 });
  const [mine, alsoMine, other] = ["ada", "ada", "bob"].map((owner) => workers.open({ concurrency: 8, owner }));
  const takes = [mine!, alsoMine!, mine!, other!].map((lane) => lane.take({ signal }));
  assertEquals(await granted(takes), [true, true, false, true]);
  (await takes[0]!).release();
  assertEquals(await granted(takes), [true, true, true, true]);
});

Deno.test("an instance that failed is left alone while another has room, and comes back when it has rested", async () => {
  const workers = new Workers(instances(2));
  const lane = workers.open({ concurrency: 1 });
  const first = await lane.take({ signal });
  first.release(true);
  const second = await lane.take({ signal });
  assertEquals(second.instance, 1 - first.instance);
  const third = lane.take({ signal });
  assertEquals(await granted([third]), [false]);
  // Nothing is released meanwhile: the end of the rest alone wakes who waits.
  assertEquals((await third).instance, first.instance);
});

Deno.test("the log tells once when an instance rests, for how long, and when it answers again", async () => {
  const lines: string[] = [];
  const log: Log = (message, { level } = {}) => void lines.push(`${level} ${message}`);
  const workers = new Workers(instances(2), { names: ["http://a", "http://b"], log });
  const lane = workers.open({ concurrency: 2 });
  const places = await Promise.all([1, 2, 3, 4].map(() => lane.take({ signal })));
  const [first, second] = places.filter(({ instance }) => instance === 0);
  for (const place of [first!, second!]) place.release(true);
  assertEquals(lines, ["warn http://a failed and is left alone for 2 s"]);
  for (const place of places.filter(({ instance }) => instance === 1)) place.release();
  assertEquals(lines.length, 1);
  (await lane.take({ signal, besides: 1 })).release();
  assertEquals(lines.slice(1), ["info http://a answers again"]);
});

Deno.test("where every instance failed, they are used all the same", async () => {
  const workers = new Workers(instances(1));
  const lane = workers.open({ concurrency: 1 });
  (await lane.take({ signal })).release(true);
  assertEquals((await lane.take({ signal })).instance, 0);
});

Deno.test("a second attempt goes to another instance, after everyone who waits for a first", async () => {
  const workers = new Workers(instances(2));
  const lane = workers.open({ concurrency: 1 });
  const places = await Promise.all([lane.take({ signal }), lane.take({ signal })]);
  const second = lane.take({ signal, besides: 0 });
  const first = lane.take({ signal });
  places[1]!.release();
  assertEquals(await granted([second, first]), [false, true]);
  places[0]!.release();
  assertEquals(await granted([second]), [false], "the instance beside which it is wanted took the second attempt");
  (await first).release();
  assertEquals((await second).instance, 1);
});

Deno.test("who stops waiting takes no place", async () => {
  const workers = new Workers(instances(1));
  const lane = workers.open({ concurrency: 1 });
  const held = await lane.take({ signal });
  const stop = new AbortController();
  const waiting = lane.take({ signal: stop.signal });
  stop.abort();
  assertEquals((await assertRejects(() => waiting, ClearstackError)).kind, "cancelled");
  held.release();
  assertEquals(await granted([lane.take({ signal })]), [true]);
});
