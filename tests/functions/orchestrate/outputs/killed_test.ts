/** A job whose process dies before or after any of its writes is completed by the same command, to the undisturbed bytes. */
import { assert, assertEquals } from "@std/assert";
import { readOutputState } from "shared/image/output/output_state.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openStore } from "../../../stores.ts";
import { type DeathCase, deathCases, eachDeath } from "./each_death.ts";
import { levelObjects, runSmall, undisturbed, writeInputs } from "./small_job.ts";

const CASES = deathCases("output");

async function checkCase(one: DeathCase, freshUrl: () => string): Promise<void> {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const expected = await undisturbed(inputs);
  await eachDeath(inputs, { ...one, freshUrl }, async ({ request, dead, moment, when }) => {
    const { url } = request.output;
    await runSmall(request).catch((error) => {
      // Of a command that had done all when it died, if it did.
      const whole = moment === "dieAfter" || !dead;
      assert(whole && error.message.includes("already complete"), `${when}: ${error}`);
    });
    const state = (await readOutputState(openStore(url)))!;
    assertEquals([state.state, state.iterations], ["finished", 1], when);
    assertEquals(await levelObjects(url), expected.get(state.planHash)!, when);
  });
}

for (const one of CASES) {
  Deno.test(`a job that ${one.what} is completed by the same command, whenever its process died`, async () => {
    await checkCase(one, memoryUrl);
  });
}

Deno.test("the same holds for files", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-killed-" });
  let outputs = 0;
  await checkCase(CASES[0], () => `${folder}/${++outputs}.zarr`);
  await Deno.remove(folder, { recursive: true });
});
