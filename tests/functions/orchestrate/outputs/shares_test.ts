/** Tasks that compute one job together, with nothing between them but its output, and may die at any write. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { runShare } from "functions/orchestrate/run/run_share.ts";
import type { JobResult, ShareResult } from "shared/contract/job_status.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { NO_ENVIRONMENT, type StoreEnvironment } from "shared/storage/store_environment.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { cephServer, testOn } from "../../../fixtures/servers/object_servers.ts";
import { configureStores, openStore, storeEnvironment } from "../../../stores.ts";
import { identityJobs, sampleRequest } from "../../identity_jobs.ts";
import { identityKernels } from "../../identity_kernels.ts";
import { Mortal, seeded, turns } from "./faulty_world.ts";
import { levelObjects, runSmall, scalingKernels, smallRequest, writeInputs } from "./small_job.ts";

const SEEDS = 20;
const TASKS = 3;
/** Of the small job. */
const TILES = 4;
/** A task that was killed so often is left alone. */
const MAX_KILLS = 3;

/** Runs a task; tiles that it begins are noted. */
function runTask(
  request: JobRequest,
  index: number,
  { environment = storeEnvironment(), begun = [] }: { environment?: StoreEnvironment; begun?: number[] } = {},
): Promise<JobResult | ShareResult> {
  const jobs = identityJobs(scalingKernels(), (invoke) => (task, ...given) => {
    begun.push(task.tile.index);
    return invoke(task, ...given);
  }, environment);
  return runShare(request, jobs, { share: { index, of: TASKS } });
}

/** A task that is killed at changes of its own and started again until it ends by itself. */
async function stubborn(request: JobRequest, index: number, random: () => number, begun: number[]) {
  let kills = 0;
  for (;;) {
    await turns(Math.floor(random() * 10));
    const mortal = new Mortal();
    const dieAfter = kills < MAX_KILLS && random() < 0.7 ? 1 + Math.floor(random() * 14) : Infinity;
    const world = mortal.world({ dieAfter, pause: () => turns(Math.floor(random() * 2)) });
    try {
      return { result: await runTask(request, index, { environment: world, begun }), kills };
    } catch (error) {
      if (!mortal.dead) throw error;
      kills++;
    }
  }
}

/** Objects of the undisturbed output. */
async function undisturbedObjects(inputs: string): Promise<Map<string, string>> {
  const url = `${inputs}/undisturbed`;
  await runSmall(smallRequest(inputs, 1, { url }));
  return await levelObjects(url);
}

async function checkSeed(seed: number, inputs: string, url: string, expected: Map<string, string>): Promise<number> {
  const random = seeded(seed);
  const request = smallRequest(inputs, 1, { url });
  const begun: number[] = [];
  const tasks = Array.from({ length: TASKS }, (_, index) => stubborn(request, index, random, begun));
  const ended = await Promise.all(tasks);
  const kills = ended.reduce((sum, task) => sum + task.kills, 0);
  const told = `seed ${seed}: ${kills} kills, tiles ${begun}`;
  assert(ended.some(({ result }) => "seconds" in result), `${told}, nobody finished the output`);
  // No share has more than two tiles, so a task that dies has at most two in flight.
  assert(begun.length <= TILES + 2 * kills, told);
  // Its checksums hold, those of its documents too: endings of two tasks at once are not mixed.
  const accepted = await runSmall(smallRequest(inputs, 1, { url, ifExists: "resume", verify: true }));
  assertEquals(accepted.tilesComputed, 0, told);
  assertEquals(await levelObjects(url), expected, told);
  return kills;
}

Deno.test(`in ${SEEDS} courses of tasks that die, their output has the bytes of one run`, async () => {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const expected = await undisturbedObjects(inputs);
  const seeds = Array.from({ length: SEEDS }, (_, seed) => checkSeed(seed, inputs, memoryUrl(), expected));
  const kills = await Promise.all(seeds);
  assert(kills.filter((count) => count > 0).length > SEEDS / 2, `${kills}`);
});

Deno.test("the same holds for files", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-shares-" });
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const expected = await undisturbedObjects(inputs);
  for (let seed = 0; seed < 5; seed++) await checkSeed(seed, inputs, `${folder}/${seed}.zarr`, expected);
  await Deno.remove(folder, { recursive: true });
});

testOn(await cephServer(), "the same holds in a bucket", async (server) => {
  const url = server.freshUrl();
  configureStores(server.environment);
  try {
    await writeInputs(url);
    const expected = await undisturbedObjects(url);
    for (let seed = 0; seed < 3; seed++) await checkSeed(seed, url, `${url}/${seed}`, expected);
    await openStore(url).deleteAll("");
  } finally {
    configureStores(NO_ENVIRONMENT);
  }
});

Deno.test("tasks take every tile once; all but the last say what is missing, and the output is shown by the last", async () => {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const request = smallRequest(inputs, 1);
  const { url } = request.output;
  const begun: number[] = [];
  const isShown = async () => await openStore(url).get("zarr.json") !== undefined;
  const share = (index: number) => ({ share: { index, of: TASKS }, output: url, tiles: TILES });
  assertEquals(await runTask(request, 1, { begun }), { ...share(1), tilesComputed: 1, tilesMissing: 3 });
  assertEquals(await runTask(request, 0, { begun }), { ...share(0), tilesComputed: 2, tilesMissing: 1 });
  assertEquals([begun, await isShown()], [[1, 0, 3], false]);
  const last = await runTask(request, 2, { begun }) as JobResult;
  assertEquals([begun, last.tilesComputed, await isShown()], [[1, 0, 3, 2], 1, true]);
  // Started once more, a task finds that all is done.
  assertEquals([(await runTask(request, 0, { begun }) as JobResult).tilesComputed, begun.length], [0, TILES]);
});

Deno.test("tasks that begin at the same moment share one output", async () => {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const request = smallRequest(inputs, 1);
  const begun: number[] = [];
  const results = await Promise.all([0, 1, 2].map((index) => runTask(request, index, { begun })));
  assertEquals(begun.toSorted(), [0, 1, 2, 3]);
  assert(results.some((result) => "seconds" in result));
});

Deno.test("tasks of one array do not overwrite", async () => {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const request = smallRequest(inputs, 1, { ifExists: "overwrite" });
  const error = await assertRejects(() => runTask(request, 0), ClearstackError, "would replace the work of the others");
  assertEquals(error.kind, "invalid-request");
});

Deno.test("a task of other settings is told what tasks can do, which is not to overwrite", async () => {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  await runTask(smallRequest(inputs, 1), 0);
  const other = smallRequest(inputs, 2);
  const { message } = await assertRejects(() => runTask(other, 1), ClearstackError, "the same settings");
  assert(!message.includes("--overwrite"), message);
});

Deno.test("a task whose source cannot be planned looks for it once", async () => {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  let asked = 0;
  const jobs = identityJobs();
  const device = (...choice: Parameters<typeof jobs.device>) => (asked++, jobs.device(...choice));
  const request = { ...smallRequest(inputs, 1), source: { url: `${inputs}/nothing` } };
  const share = { index: 0, of: TASKS };
  await assertRejects(() => runShare(request, { ...jobs, device }, { share }), ClearstackError, "nothing");
  assertEquals(asked, 1);
});

Deno.test("a share that fails says how much of the whole output is kept, that of other shares included", async () => {
  const { request } = await sampleRequest();
  await runShare(request, identityJobs(), { share: { index: 0, of: 2 } });
  const kernels = identityKernels((run) => {
    if (run > 3) throw new ClearstackError("corrupt-data", "NaN in the image");
  });
  const other = runShare(request, identityJobs(kernels), { share: { index: 1, of: 2 } });
  await assertRejects(() => other, ClearstackError, "12 of 18 tiles are kept");
});
