import { assert, assertEquals, assertRejects } from "@std/assert";
import { SupervisedTiles } from "functions/library/supervised_tiles.ts";
import { TileDeadline } from "functions/library/tile_deadline.ts";
import { TileProcess } from "functions/library/tile_process.ts";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { ClearstackError } from "shared/errors.ts";
import { slowWebgpuTest } from "../../require.ts";
import { identityJobs, readOutput } from "../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { runCli } from "../cli/run_cli.ts";
import { reduceTile } from "../../stores.ts";

const entry = new URL("../faulty_tiles.ts", import.meta.url);
const SHAPE = [8, 32, 32];
const ITERATIONS = 20;
const VALUES = Float32Array.from(patternedVoxels(SHAPE));
const folder = await Deno.makeTempDir({ prefix: "clearstack-faults-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeZarr(`${folder}/image`, { shape: SHAPE, chunk: [8, 16, 16], values: patternedVoxels(SHAPE) });
await writePsf(`${folder}/psf`);

/** Gives up after two seconds. */
class Impatient extends TileDeadline {
  override seconds(): number {
    return 2;
  }
}

let jobs = 0;

/** Runs a job of four tiles in a process with a fault. */
async function runWith(
  env: Record<string, string>,
  { deadline, onIterations = () => {} }: {
    deadline?: TileDeadline;
    onIterations?: (index: number, done: number) => void;
  } = {},
) {
  const name = `${folder}/${++jobs}`;
  await Deno.writeTextFile(`${name}.mark`, "");
  const process = { entry, env: { FAULT_MARK: `${name}.mark`, ...env } };
  const tiles = new SupervisedTiles({ process, ...(deadline ? { deadline } : {}) });
  const request: JobRequest = JobRequestSchema.parse({
    source: { url: `${folder}/image` },
    psf: { url: `${folder}/psf` },
    output: { url: `${name}.zarr` },
    algorithm: { iterations: ITERATIONS },
    tiling: { tile: [8, 16, 16], halo: [0, 4, 4] },
    backend: "cpu",
  });
  const retries = { attempts: 3, firstDelayMs: 1, longestDelayMs: 1 };
  const told: string[] = [];
  const deps = {
    ...identityJobs(),
    engine: createLocalEngine({
      ...tiles,
      tiles: (task, signal) => tiles.tiles(task, signal, (done) => onIterations(task.tile.index, done)),
      levels: reduceTile,
    }, { retries }),
  };
  try {
    const result = await runJob(request, deps, { onProgress: ({ message }) => message && told.push(message) });
    return { result, told, values: await readOutput(request.output.url) };
  } finally {
    await tiles.close();
  }
}

for (
  const [fault, words] of [
    ["crash", "ended by SIGKILL; its last words: the driver fell over"],
    ["hang", "gave no result within 2 s"],
    ["device-lost", "a fault on purpose"],
    ["device-memory", "a fault on purpose"],
  ] as const
) {
  Deno.test(`after a ${fault} the tile is computed again in a fresh process, to the same bytes`, async () => {
    // On a busy machine a fresh process may take longer to begin than the impatient wait.
    const waits = fault === "hang" ? { deadline: new Impatient() } : {};
    const { result, told, values } = await runWith({ FAULT: fault, FAULT_AT: "2" }, waits);
    assertEquals([values, result.tiles, result.tilesComputed], [VALUES, 4, 4]);
    assert(told.some((message) => message.includes(words)), told.join("\n"));
  });
}

Deno.test("the iterations of each tile reach the parent", async () => {
  const counts = new Map<number, number>();
  const { result } = await runWith({ FAULT_TIMES: "0" }, { onIterations: (index, done) => counts.set(index, done) });
  assertEquals(result.tiles, 4);
  // What is told of the last tile may be on its way while its result has come.
  assert(counts.size >= 3, `${[...counts.keys()]}`);
  assertEquals(new Set(counts.values()), new Set([ITERATIONS]));
});

Deno.test("a process that is lost again and again fails the job with its last words", async () => {
  const error = await assertRejects(
    () => runWith({ FAULT: "crash", FAULT_AT: "1", FAULT_TIMES: "99" }),
    ClearstackError,
    "its last words: the driver fell over",
  );
  assert(["device-lost", "no-device"].includes(error.kind));
});

Deno.test("a process that ends before it listens is told as such", async () => {
  const tiles = new SupervisedTiles({ process: { entry: new URL("data:text/javascript,console.log('no port')") } });
  const error = await assertRejects(() => tiles.device("auto"), ClearstackError, "ended with status 0");
  assertEquals(error.kind, "device-lost");
  await tiles.close();
});

Deno.test("who asks for the device while the process is closed is answered by the next one", async () => {
  const tiles = new SupervisedTiles({ process: { entry, env: { FAULT_MARK: `${folder}/none` } } });
  const first = await tiles.device("auto");
  // Each closes the process that the question before it may be waiting for.
  const asked: Promise<unknown>[] = [];
  for (let time = 0; time < 3; time++) {
    asked.push(tiles.device("auto"), tiles.close(), tiles.device("auto"));
    await Promise.resolve();
  }
  asked.push(tiles.device("auto"));
  assertEquals((await Promise.all(asked)).filter((device) => device !== undefined), Array(7).fill(first));
  await tiles.close();
});

Deno.test("nobody without the token gets anything, and the process ends with its parent's pipe", async () => {
  const process = await TileProcess.start({ entry, env: { FAULT_MARK: `${folder}/none` } });
  assertEquals(await fetch(`${process.url}/v1/device`).then((r) => r.body?.cancel().then(() => r.status)), 401);
  await process.kill("was stopped by the test");
  assertEquals(await process.ended, "the GPU process was stopped by the test");
});

Deno.test("a deadline follows the work and the pace of earlier tiles, and is never strict", () => {
  const deadline = new TileDeadline();
  const task = (side: number, iterations: number) =>
    ({ tile: { box: { shape: [side, side, side] } }, algorithm: { iterations } }) as never;
  assertEquals(deadline.seconds(task(100, 10)), 300 + 1e7 / 5e5);
  deadline.note(task(100, 10), 0.1);
  assertEquals(deadline.seconds(task(100, 10)), 300 + 20 * 0.1);
  assert(deadline.seconds(task(500, 100)) > 300 + 20 * 0.1 * 1000);
});

Deno.test("the process ends when its parent is killed", async () => {
  const script = `const { TileProcess } = await import(${
    JSON.stringify(new URL("../../../functions/library/tile_process.ts", import.meta.url).href)
  });
    const { url } = await TileProcess.start({ entry: new URL(${
    JSON.stringify(entry.href)
  }), env: { FAULT_MARK: "none" } });
    console.log(url);
    Deno.kill(Deno.pid, "SIGKILL");`;
  const file = `${folder}/parent.ts`;
  await Deno.writeTextFile(file, script);
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const args = ["run", "-A", "--no-check", "--config", config, file];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  const url = new TextDecoder().decode(stdout).trim();
  assert(url.startsWith("http://127.0.0.1:"), url);
  const answers = () => fetch(url).then((r) => r.body?.cancel().then(() => true), () => false);
  for (let tries = 0; await answers(); tries++) {
    assert(tries < 100, "it still answers after ten seconds");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

slowWebgpuTest("a job on a GPU runs in a process of its own and agrees with the CPU", async () => {
  const job = ["deconvolve", `${folder}/image`, `${folder}/gpu`, "--psf", `${folder}/psf`, "--iterations", "3"];
  const { status, err } = await runCli([...job, "--backend", "webgpu", "--quiet"]);
  assertEquals([status, err], [0, ""]);
  const cpu = await runCli([...job.with(2, `${folder}/cpu`), "--backend", "cpu", "--quiet"]);
  assertEquals([cpu.status, cpu.err], [0, ""]);
  const expected = await readOutput(`${folder}/cpu`);
  const actual = await readOutput(`${folder}/gpu`);
  const peak = expected.reduce((a, b) => Math.max(a, b));
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
  // Twelve float32 transforms of 15 radix-2 steps each at 6e-8 rounding, their errors amplified by few iterations.
  assert(worst < 2e-5 * peak, `${worst / peak}`);
});
