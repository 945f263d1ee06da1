/**
 * `deno task chaos:array`: tasks of one array (`deconvolve --array-task i/n`) that are killed at random moments and started again,
 * on a folder or in an S3 bucket. Every output must have the bytes of one undisturbed process, and no record of a finished tile
 * may be written a second time.
 *
 *   --seeds N   (default 20)
 *   --first N   the first seed (default 1)
 *   --tasks N   processes of an array (default 8)
 *   --kills N   in each course (default 8)
 *   --s3        in a bucket of Ceph's gateway instead of a folder
 */
import { delay } from "@std/async/delay";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { Store } from "shared/storage/store.ts";
import { readFlags } from "../read_flags.ts";
import { ObjectServer } from "./object_server.ts";
import { differingKeys, type StoredOutput, storedOutput } from "./stored_output.ts";

const MAIN = new URL("../../functions/cli/main.ts", import.meta.url).pathname;
const BUCKET = "s3://clearstack-array";
const SHAPE = [32, 160, 160] as const;
const TILES = 100;
/** Enough iterations that most of the time goes into tiles. */
const SETTINGS = "--tile 16,16,32 --halo 8,12,12 --iterations 60 --acceleration shb --background auto --backend cpu";

const { seeds, first, tasks, kills, s3 } = readFlags({ seeds: "20", first: "1", tasks: "8", kills: "8", s3: false });
const folder = await Deno.makeTempDir({ prefix: "clearstack-array-" });
const server = s3 ? await ObjectServer.start(folder) : undefined;
const variables = { ...server?.environment, CLEARSTACK_MEMORY: "512MiB" };
const environment = { env: (name: string) => (variables as Record<string, string>)[name] };
const place = server === undefined ? folder : BUCKET;
const access = { environment };
let failures = 0;
try {
  if (server !== undefined) await makeBucket();
  await writeInputs();
  const started = performance.now();
  await runTask("calm/out.zarr", undefined).done;
  const seconds = (performance.now() - started) / 1000;
  const calm = await storedOutput(openStore(`${place}/calm/out.zarr`, access));
  console.log(
    `one process: ${seconds.toFixed(1)} s, ${calm.records} tiles; ${tasks} tasks, ${kills} kills each course\n`,
  );
  console.log("| seed | s | starts | finished by | tiles twice | bytes |\n| --- | --- | --- | --- | --- | --- |");
  for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
    const { good, row } = await course(seed, calm);
    console.log(row);
    if (!good) failures++;
  }
} finally {
  await server?.stop();
}
if (failures === 0) await Deno.remove(folder, { recursive: true });
console.log(failures === 0 ? "\nevery output has the bytes of one process" : `\n${failures} courses FAILED: ${folder}`);
Deno.exit(failures === 0 ? 0 : 1);

async function makeBucket(): Promise<void> {
  const { s3Client } = await import("shared/storage/s3/s3_client.ts");
  const send = s3Client("clearstack-array", environment, {});
  await send({ method: "PUT", path: "", what: "the bucket" }, (response) => response.body?.cancel());
}

async function writeInputs(): Promise<void> {
  const { uniform: random } = createRandom(1);
  const values = Uint16Array.from({ length: SHAPE[0] * SHAPE[1] * SHAPE[2] }, () => Math.floor(1000 * random()));
  const volume = { name: "noise", shape: SHAPE, voxelMicrometre: [1, 1, 1] as const, values };
  await writeVolume(openStore(`${place}/image.zarr`, access), volume);
  const psf = { shape: [3, 5, 5] as const, values: new Float32Array(75).map((_, at) => 1 / (1 + Math.abs(at - 37))) };
  await openStore(place, access).put("psf.tif", encodeTiff({ ...psf, spacingMicrometre: [1, 1, 1] }));
}

/** A process of an array, or one that computes all. */
function runTask(output: string, task: string | undefined) {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", MAIN, "deconvolve", `${place}/image.zarr`, `${place}/${output}`],
      ...["--psf", `${place}/psf.tif`, ...SETTINGS.split(" "), "--json", "--quiet"],
      ...(task === undefined ? [] : ["--array-task", task]),
    ],
    env: variables,
    stdout: "piped",
    stderr: "piped",
  });
  const process = command.spawn();
  const done = process.output().then(({ code, signal, stdout, stderr }) => {
    if (signal === "SIGKILL") return undefined;
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (code !== 0) throw new Error(`task ${task} of ${output} ended with status ${code}: ${text(stderr)}`);
    return JSON.parse(text(stdout)) as Record<string, unknown>;
  });
  return { process, done };
}

/** Kills a process, unless it has just ended by itself: what it printed last is still on its way then. */
function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** One array whose tasks are killed; its row, and whether it ended as it must. */
async function course(seed: number, calm: StoredOutput) {
  const { uniform: random } = createRandom(seed);
  // An output is called by the last part of its URL.
  const output = `seed-${seed}/out.zarr`;
  const store = openStore(`${place}/${output}`, access);
  const started = performance.now();
  const running = new Map<number, ReturnType<typeof runTask>>();
  /** Records as they were when a task had been killed: nobody may write them again. */
  const kept = new Map<string, string>();
  let [starts, finishedBy] = [0, 0];
  const stubborn = async (index: number): Promise<void> => {
    for (;;) {
      starts++;
      const task = runTask(output, `${index}/${tasks}`);
      running.set(index, task);
      const result = await task.done;
      running.delete(index);
      if (result !== undefined) return void ("seconds" in result && finishedBy++);
      for (const [key, text] of await records(store)) if (!kept.has(key)) kept.set(key, text);
    }
  };
  const all = Promise.all(Array.from({ length: Number(tasks) }, (_, index) => stubborn(index)));
  let over = false;
  all.then(() => over = true, () => over = true);
  // By how far the output is, from its beginning to its end: time alone would find most tasks as they start.
  const moments = Array.from({ length: Number(kills) }, () => Math.floor(random() * (TILES + 1))).sort((a, b) => a - b);
  for (const moment of moments) {
    while (!over && (await recordKeys(store)).length < moment) await delay(20);
    await delay(100 * random());
    const victims = [...running.values()];
    if (victims.length > 0) kill(victims[Math.floor(random() * victims.length)]!.process);
  }
  try {
    await all;
    const { objects, records: count } = await storedOutput(store);
    const now = await records(store);
    const twice = [...kept].filter(([key, text]) => now.get(key) !== text).length;
    const other = differingKeys(objects, calm.objects);
    const bytes = other.length === 0 ? "identical" : `DIFFERENT: ${other.slice(0, 5).join(" ")}`;
    const took = ((performance.now() - started) / 1000).toFixed(0);
    return {
      good: other.length + twice === 0 && count === TILES,
      row: `| ${seed} | ${took} | ${starts} | ${finishedBy} | ${twice} of ${kept.size} | ${bytes} |`,
    };
  } catch (error) {
    return {
      good: false,
      row: `| ${seed} | | ${starts} | | | FAILED: ${error instanceof Error ? error.message : error} |`,
    };
  }
}

async function recordKeys(store: Store): Promise<string[]> {
  return await Array.fromAsync(store.list(".clearstack/tiles/")).catch(() => []);
}

/** Records of finished tiles. */
async function records(store: Store): Promise<Map<string, string>> {
  const entries = (await recordKeys(store)).map(async (key) =>
    [key, new TextDecoder().decode(await store.get(key))] as const
  );
  return new Map(await Promise.all(entries));
}
