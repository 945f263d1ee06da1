/** Two runs on one output, at once: whatever they do to each other, what counts as complete holds the voxels of its plan. */
import { assert, assertEquals } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { readOutputState } from "shared/image/output/output_state.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { cephServer, testOn } from "../../../fixtures/servers/object_servers.ts";
import { configureStores, openStore } from "../../../stores.ts";
import { Mortal, seeded, turns } from "./faulty_world.ts";
import { levelObjects, runSmall, smallRequest, undisturbed, writeInputs } from "./small_job.ts";

const SEEDS = 30;

/** One of the two: its plan, whether it overwrites, and what happens to it at a moment of its own. */
interface Rival {
  readonly iterations: number;
  readonly ifExists: "fail" | "resume" | "overwrite";
  readonly fate: "none" | "killed" | "interrupted";
}

function rivals(random: () => number): [Rival, Rival] {
  const pick = <T>(...values: T[]) => values[Math.floor(random() * values.length)]!;
  const first: Rival = { iterations: 1, ifExists: "fail", fate: pick("none", "none", "killed", "interrupted") };
  const [iterations, ifExists] = pick<[number, Rival["ifExists"]]>(
    ...[[1, "fail"], [1, "resume"], [1, "overwrite"], [2, "fail"], [2, "overwrite"]] as [number, Rival["ifExists"]][],
  );
  return [first, { iterations, ifExists, fate: pick("none", "none", "none", "killed", "interrupted") }];
}

/** Runs one of them, over a store that takes its time; resolves to what became of it. */
async function compete(
  inputs: string,
  url: string,
  { iterations, ifExists, fate }: Rival,
  random: () => number,
): Promise<string> {
  await turns(Math.floor(random() * 40));
  const fateAt = 1 + Math.floor(random() * 16);
  const stop = new AbortController();
  const mortal = new Mortal();
  const pause = async () => {
    if (fate === "interrupted" && mortal.changes >= fateAt) stop.abort();
    await turns(Math.floor(random() * 3));
  };
  const world = mortal.world({ pause, ...(fate === "killed" ? { dieAfter: fateAt } : {}) });
  const request = smallRequest(inputs, iterations, { url, ifExists });
  return await runSmall(request, world, stop.signal).then(() => "done", (error) => {
    if (mortal.dead) return "killed";
    assert(error instanceof ClearstackError, error);
    assert(["conflict", "cancelled", "corrupt-data"].includes(error.kind), error.stack);
    return error.kind;
  });
}

/** An output that says it is done holds the objects of the plan that it names; resolves to that plan. */
async function assertTrue(url: string, expected: ReadonlyMap<string, ReadonlyMap<string, string>>): Promise<string> {
  const state = await readOutputState(openStore(url));
  if (state?.state !== "finished") return "unfinished";
  assertEquals(await levelObjects(url), expected.get(state.planHash));
  return state.planHash;
}

async function checkSeed(seed: number, inputs: string, url: string, expected: Awaited<ReturnType<typeof undisturbed>>) {
  const random = seeded(seed);
  const [one, two] = rivals(random);
  const outcomes = await Promise.all([one, two].map((rival) => compete(inputs, url, rival, random)));
  const told = JSON.stringify({ seed, one, two, outcomes });
  try {
    const state = await assertTrue(url, expected);
    // Who says that it is done has left an output that is, unless the other has begun it anew.
    if (outcomes.includes("done") && two.ifExists !== "overwrite") assert(state !== "unfinished");
    // There is always a way out.
    await runSmall(smallRequest(inputs, 1, { url, ifExists: "overwrite" }));
    assert(await assertTrue(url, expected) !== "unfinished");
  } catch (error) {
    throw new Error(told, { cause: error });
  }
  return outcomes.join();
}

Deno.test(`in ${SEEDS} courses of two runs, an output that says it is done is, and the source stays`, async () => {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const expected = await undisturbed(inputs);
  const source = await levelObjects(`${inputs}/image`);
  const outcomes = await Promise.all(
    Array.from({ length: SEEDS }, (_, seed) => checkSeed(seed, inputs, memoryUrl(), expected)),
  );
  // Nothing is proven by courses in which nobody met.
  for (const outcome of ["done,done", "conflict,done", "done,conflict"]) {
    assert(outcomes.includes(outcome), `${outcomes}`);
  }
  assertEquals(await levelObjects(`${inputs}/image`), source);
});

Deno.test("the same holds for files", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-rivals-" });
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const expected = await undisturbed(inputs);
  for (let seed = 0; seed < 6; seed++) await checkSeed(seed, inputs, `${folder}/${seed}.zarr`, expected);
  await Deno.remove(folder, { recursive: true });
});

testOn(await cephServer(), "the same holds in a bucket", async (server) => {
  const url = server.freshUrl();
  configureStores(server.environment);
  try {
    await writeInputs(url);
    const expected = await undisturbed(url);
    for (let seed = 0; seed < 3; seed++) await checkSeed(seed, url, `${url}/${seed}`, expected);
    await openStore(url).deleteAll("");
  } finally {
    configureStores(NO_ENVIRONMENT);
  }
});
