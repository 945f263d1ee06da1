/** Of a finished or an unfinished output, any one object is removed, cut, emptied or altered: that is mended or refused. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { readOutputState } from "shared/image/output/output_state.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openStore } from "../../../stores.ts";
import { Mortal } from "./faulty_world.ts";
import { levelObjects, runSmall, smallRequest, undisturbed, writeInputs } from "./small_job.ts";

const DAMAGES: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array | undefined>> = {
  removed: () => undefined,
  cut: (bytes) => bytes.subarray(0, bytes.length >> 1),
  emptied: () => new Uint8Array(0),
  // One bit: of a digit, a letter or a voxel.
  altered: (bytes) => bytes.map((byte, index) => index === bytes.length >> 1 ? byte ^ 1 : byte),
};

async function copyOf(url: string): Promise<string> {
  const copy = memoryUrl();
  for (const key of await Array.fromAsync(openStore(url).list(""))) {
    await openStore(copy).put(key, (await openStore(url).get(key))!);
  }
  return copy;
}

/** Objects that a run has left, and what it takes to end with those expected. */
const OUTPUTS = {
  finished: Infinity,
  // Its last object is all that is missing.
  "nearly finished": 17,
  // Tiles are there, a level is not.
  unfinished: 12,
};

for (const [state, dieBefore] of Object.entries(OUTPUTS)) {
  Deno.test(`one object of ${state === "unfinished" ? "an" : "a"} ${state} output that is damaged is noticed`, async () => {
    const inputs = memoryUrl();
    await writeInputs(inputs);
    const expected = await undisturbed(inputs);
    const whole = memoryUrl();
    await runSmall(smallRequest(inputs, 1, { url: whole }), new Mortal().world({ dieBefore })).catch(() => {});
    const keys = await Array.fromAsync(openStore(whole).list(""));
    assert(keys.length >= 10, `${keys}`);
    let refusals = 0;
    for (const key of keys) {
      for (const [damage, change] of Object.entries(DAMAGES)) {
        const url = await copyOf(whole);
        const store = openStore(url);
        const bytes = change((await store.get(key))!);
        if (bytes) await store.put(key, bytes);
        else await store.delete(key);
        const ending = { url, ifExists: state === "finished" ? "resume" as const : "fail" as const };
        const run = () => runSmall(smallRequest(inputs, 1, { ...ending, verify: damage === "altered" }));
        const assertMended = async () => {
          const { planHash, state } = (await readOutputState(store))!;
          assertEquals([state, await levelObjects(url)], ["finished", expected.get(planHash)!], `${key} ${damage}`);
          for (const root of ["zarr.json", ".clearstack/provenance.json"]) {
            JSON.parse(new TextDecoder().decode(await store.get(root)));
          }
        };
        const refusal = await run().then(assertMended, (error) => error);
        if (refusal === undefined) continue;
        assert(refusal instanceof ClearstackError, refusal);
        assert(refusal.message.includes("--overwrite"), `${key} ${damage}: ${refusal}`);
        refusals++;
        await runSmall(smallRequest(inputs, 1, { url, ifExists: "overwrite" }));
        await assertMended();
      }
    }
    // Nothing but a record of the job that says nothing is beyond mending.
    assert(refusals <= Object.keys(DAMAGES).length, `${refusals} were refused`);
  });
}

Deno.test("a tile that is damaged while the job runs ends it in an error, and the same job mends it", async () => {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const expected = await undisturbed(inputs);
  for (const damage of ["removed", "cut", "emptied", "altered"]) {
    const url = memoryUrl();
    const store = openStore(url);
    let done = false;
    const world = new Mortal().world({
      pause: async () => {
        if (done) return;
        // With the second level, all tiles are there.
        const records = await Array.fromAsync(store.list(".clearstack/levels/"));
        if (done || !records.some((key) => key.includes("/2/"))) return;
        done = true;
        const bytes = DAMAGES[damage]!((await store.get("0/c/0/0/1"))!);
        if (bytes) await store.put("0/c/0/0/1", bytes);
        else await store.delete("0/c/0/0/1");
      },
    });
    const run = runSmall(smallRequest(inputs, 1, { url, verify: damage === "altered" }), world);
    const error = await assertRejects(() => run, ClearstackError, "run the same job again");
    assertEquals([error.kind, error.message.includes("0/c/0/0/1")], ["corrupt-data", true], error.message);
    await runSmall(smallRequest(inputs, 1, { url }));
    const [planHash] = expected.keys();
    assertEquals(await levelObjects(url), expected.get(planHash!));
  }
});
