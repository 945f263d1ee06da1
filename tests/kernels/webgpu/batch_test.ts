import { assert, assertEquals, assertRejects } from "@std/assert";
import { runBatches } from "kernels/webgpu/batch.ts";
import { ClearstackError } from "shared/errors.ts";

/** Runs batches on a queue that ends what it was given one turn after it is asked, and tells what happened in order. */
async function events({ apart = false, iterations = 9, cancelAfter = Infinity } = {}): Promise<string[]> {
  const told: string[] = [];
  let submitted = 0;
  await runBatches({
    first: 0,
    end: iterations,
    most: 4,
    apart,
    // So that batches are as long as they may be.
    secondsPerIteration: 1e-3,
    isCancelled: () => submitted >= cancelAfter,
    submit(steps) {
      submitted++;
      told.push(`submit ${steps}`);
    },
    workDone: () => new Promise((resolve) => setTimeout(resolve)),
    ended(steps) {
      told.push(`ended ${steps}`);
      return Promise.resolve();
    },
  });
  return told;
}

Deno.test("a submission is there before the one before has ended, and no third one", async () => {
  assertEquals(await events(), [
    "submit 0,1,2,3",
    "submit 4,5,6,7",
    "ended 0,1,2,3",
    "submit 8",
    "ended 4,5,6,7",
    "ended 8",
  ]);
});

Deno.test("where something is read between submissions, the next one waits", async () => {
  assertEquals(await events({ apart: true, iterations: 5 }), [
    "submit 0,1,2,3",
    "ended 0,1,2,3",
    "submit 4",
    "ended 4",
  ]);
});

Deno.test("nothing is submitted once a run is cancelled", async () => {
  const error = await assertRejects(() => events({ cancelAfter: 1 }), ClearstackError);
  assertEquals(error.kind, "cancelled");
  assert(error.message.includes("of 9 iterations"), error.message);
});
