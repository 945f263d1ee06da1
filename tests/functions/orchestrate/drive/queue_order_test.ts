import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type QueuedJob, queueOrder } from "functions/orchestrate/drive/queue_order.ts";

/** Ten minutes, of which docs/jobs.md speaks. */
const STEP_MS = 600_000;

const queued = fc.record({
  id: fc.uuid(),
  priority: fc.integer({ min: 0, max: 9 }),
  createdMs: fc.integer({ min: 0, max: 20 * STEP_MS }),
});

Deno.test("of jobs of one age the more urgent comes first, of equals the older, and ids decide the rest", () => {
  const first = (...jobs: QueuedJob[]) => jobs.sort(queueOrder)[0]!.id;
  const job = (id: string, priority: number, createdMs = 0) => ({ id, priority, createdMs });
  assertEquals(first(job("a", 5), job("b", 9)), "b");
  assertEquals(first(job("b", 5, 1), job("a", 5, 2)), "b");
  assertEquals(first(job("b", 5), job("a", 5)), "a");
  assertEquals(first(job("new", 9, 90 * 60_000 - 1), job("old", 0)), "new");
  assertEquals(first(job("new", 9, 90 * 60_000 + 1), job("old", 0)), "old");
});

Deno.test("the order is one of a line: two jobs never change places, and three agree", () => {
  fc.assert(fc.property(queued, queued, queued, (a, b, c) => {
    if (a.id === b.id) return;
    assertEquals(Math.sign(queueOrder(a, b)), -Math.sign(queueOrder(b, a)));
    if (queueOrder(a, b) < 0 && queueOrder(b, c) < 0) assert(a.id === c.id || queueOrder(a, c) < 0);
  }));
});

Deno.test("no job starves: whatever comes later than nine steps after it, it is run before", () => {
  // One job runs at a time, each as long as a step; more urgent ones come faster than they can be run.
  fc.assert(fc.property(fc.array(queued, { minLength: 1, maxLength: 60 }), (jobs) => {
    const arriving = jobs.toSorted((a, b) => a.createdMs - b.createdMs);
    const waiting: QueuedJob[] = [];
    const ran: QueuedJob[] = [];
    for (let now = 0; arriving.length + waiting.length > 0; now += STEP_MS) {
      while (arriving.length > 0 && arriving[0]!.createdMs <= now) waiting.push(arriving.shift()!);
      const next = waiting.toSorted(queueOrder)[0];
      if (next === undefined) continue;
      waiting.splice(waiting.indexOf(next), 1);
      ran.push(next);
      for (const passed of waiting) {
        assert(next.createdMs - passed.createdMs <= STEP_MS * (next.priority - passed.priority));
      }
    }
    assertEquals(ran.length, jobs.length);
  }));
});
