/** Runners as processes that are killed, over a real file system. */
import { assert, assertEquals } from "@std/assert";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { identityJobs, readOutput, recordedTiles } from "../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { openStore } from "../../stores.ts";

const SCRIPT = new URL("runner_process.ts", import.meta.url).pathname;
const DEAD_AFTER = 1500;

/** Starts a process and waits for the first line that it prints. */
async function startRunner(env: Record<string, string>) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", SCRIPT],
    env: { DEAD_AFTER: String(DEAD_AFTER), ...env },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  let running = true;
  child.status.then(() => running = false);
  const kill = async () => {
    if (running) child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
  };
  return { line: value!.trim(), kill };
}

Deno.test("jobs of a runner that is killed are finished by another process, each tile computed once but those in flight", async () => {
  await using ending = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "clearstack-killed-" });
  ending.defer(() => Deno.remove(folder, { recursive: true }));
  const shape = [20, 40, 36];
  const values = patternedVoxels(shape);
  await writeZarr(`${folder}/image.zarr`, { shape, chunk: [7, 16, 16], values });
  await writePsf(`${folder}/psf.zarr`);
  const output = `${folder}/output.zarr`;
  const request = JobRequestSchema.parse({
    source: { url: `${folder}/image.zarr` },
    psf: { url: `${folder}/psf.zarr` },
    output: { url: output },
    tiling: { tile: [10, 16, 16], halo: [2, 4, 4] },
    backend: "cpu",
    seamCheck: 0,
  });
  const jobs = `${folder}/jobs`;
  const first = await startRunner({ JOBS: jobs, PACE: "150", REQUEST: JSON.stringify(request) });
  ending.defer(first.kill);
  while ((await recordedTiles(output)).length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
  await first.kill();
  const kept = (await recordedTiles(output)).length;
  assert(kept < 18, "the job was not over");

  const killed = performance.now();
  const deps = identityJobs();
  const second = await LocalJobRunner.start({ deps, store: openStore(jobs), deadAfterMs: DEAD_AFTER, log: () => {} });
  ending.defer(() => second.close());
  const { status } = (await Array.fromAsync(await second.events(first.line))).at(-1)!;
  assertEquals([status.state, status.tilesResumed, deps.kernels.runs.length], ["done", kept, 18 - kept]);
  // The time after which the first is dead, a tenth of it until the next look, and the job itself.
  assert(performance.now() - killed < 15_000, "taken over in good time");
  assertEquals(await readOutput(output), Float32Array.from(values));
});
