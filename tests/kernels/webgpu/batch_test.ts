import { assert, assertEquals, assertRejects } from "@std/assert";
import { runBatches } from "kernels/webgpu/batch.ts";
import { ClearstackError } from "shared/errors.ts";

/** Runs batches on a queue that ends what it was given one turn after it is asked, and tells what happened in order; cancelled with an event. */
async function events({ apart = false, iterations = 9, cancelWith = "never" } = {}): Promise<string[]> {
  const told: string[] = [];
  await runBatches({
    first: 0,
    end: iterations,
    most: 4,
    apart,
    // So that batches are as long as they may be.
    secondsPerIteration: 1e-3,
    isCancelled: () => told.includes(cancelWith),
    record(steps) {
      told.push(`record ${steps}`);
      return () => {
        told.push(`submit ${steps}`);
      };
    },
    workDone() {
      told.push("wait");
      return new Promise((resolve) => setTimeout(resolve));
    },
    ended(steps) {
      told.push(`ended ${steps}`);
      return Promise.resolve();
    },
  });
  return told;
}

Deno.test("a submission is recorded before one waits for that before it, and there before that has ended", async () => {
  assertEquals(await events(), [
    "record 0,1,2,3",
    "submit 0,1,2,3",
    "record 4,5,6,7",
    "wait",
    "submit 4,5,6,7",
    "ended 0,1,2,3",
    "record 8",
    "wait",
    "submit 8",
    "ended 4,5,6,7",
    "wait",
    "ended 8",
  ]);
});

Deno.test("where something is read between submissions, the next one waits", async () => {
  assertEquals(await events({ apart: true, iterations: 5 }), [
    "record 0,1,2,3",
    "submit 0,1,2,3",
    "wait",
    "ended 0,1,2,3",
    "record 4",
    "submit 4",
    "wait",
    "ended 4",
  ]);
});

Deno.test("nothing is submitted once a run is cancelled", async () => {
  const error = await assertRejects(() => events({ cancelWith: "submit 0,1,2,3" }), ClearstackError);
  assertEquals(error.kind, "cancelled");
  assert(error.message.includes("of 9 iterations"), error.message);
});

Deno.test("a run that is cancelled with its last submission is cancelled", async () => {
  for (const apart of [false, true]) {
    const error = await assertRejects(() => events({ apart, cancelWith: "ended 8" }), ClearstackError);
    assertEquals([error.kind, error.message], ["cancelled", "stopped after 9 of 9 iterations"]);
  }
});
