/** A job whose process dies before or after any of its writes is completed by the same command, to the undisturbed bytes. */
import { assert, assertEquals } from "@std/assert";
import type { JobRequestInput } from "shared/contract/job_request.ts";
import { readOutputState } from "shared/image/output/output_state.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openStore } from "../../../stores.ts";
import { Mortal } from "./faulty_world.ts";
import { levelObjects, runSmall, smallRequest, undisturbed, writeInputs } from "./small_job.ts";

/** What is there when the job begins, and how it is asked for. */
const CASES: readonly {
  readonly what: string;
  readonly ifExists: JobRequestInput["output"]["ifExists"];
  /** Change before which the process of the earlier job, of another plan, has died. */
  readonly earlier?: number;
}[] = [
  { what: "begins", ifExists: "fail" },
  { what: "overwrites a finished output", ifExists: "overwrite", earlier: Infinity },
  { what: "overwrites an unfinished output", ifExists: "overwrite", earlier: 9 },
];

async function checkCase({ ifExists, earlier }: typeof CASES[number], freshUrl: () => string): Promise<void> {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const expected = await undisturbed(inputs);
  for (const moment of ["dieBefore", "dieAfter"] as const) {
    for (let change = 1;; change++) {
      const url = freshUrl();
      const request = smallRequest(inputs, 1, { url, ifExists });
      if (earlier !== undefined) {
        const world = new Mortal().world({ dieBefore: earlier });
        await runSmall(smallRequest(inputs, 2, { url }), world).catch(() => {});
      }
      const mortal = new Mortal();
      await runSmall(request, mortal.world({ [moment]: change })).catch(() => {});
      await runSmall(request).catch((error) => {
        // Of a command that had done all when it died, if it did.
        const whole = moment === "dieAfter" || !mortal.dead;
        assert(whole && error.message.includes("already complete"), `${moment} ${change}: ${error}`);
      });
      const state = (await readOutputState(openStore(url)))!;
      assertEquals([state.state, state.iterations], ["finished", 1], `${moment} ${change}`);
      assertEquals(await levelObjects(url), expected.get(state.planHash)!, `${moment} ${change}`);
      if (mortal.dead) continue;
      assert(change > 15, `${change} changes`);
      break;
    }
  }
}

for (const one of CASES) {
  Deno.test(`a job that ${one.what} is completed by the same command, whenever its process died`, async () => {
    await checkCase(one, memoryUrl);
  });
}

Deno.test("the same holds for files", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-killed-" });
  let outputs = 0;
  await checkCase(CASES[0]!, () => `${folder}/${++outputs}.zarr`);
  await Deno.remove(folder, { recursive: true });
});
