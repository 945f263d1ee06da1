/** Each function as a process of its own, started the way it is deployed. */
import { assertEquals } from "@std/assert";
import { readEvents } from "shared/http/event_stream.ts";
import { readOutput } from "./identity_jobs.ts";
import { runCli } from "./cli/run_cli.ts";
import { patternedVoxels, writePsf, writeZarr } from "./sample_image.ts";

const ROOT = new URL("../../", import.meta.url);

/** Starts the main.ts of a function on a free port. */
async function start(name: string, env: Record<string, string> = {}) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `functions/${name}/main.ts`],
    cwd: ROOT,
    env: { PORT: "0", ...env },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  let url: string | undefined;
  while (!url) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${name} ended before it listened: ${said}`);
    said += value;
    url = /Listening on (http:\S+?)\/?\s/.exec(said)?.[1];
  }
  const stop = async () => {
    process.kill("SIGTERM");
    await reader.cancel();
    await process.status;
  };
  return { url, stop };
}

Deno.test("endpoint, orchestrator and tiles as three processes give the bytes of the command line", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-apart-" });
  const shape = [12, 20, 24];
  await writeZarr(`${folder}/image.zarr`, { shape, chunk: [6, 10, 12], values: patternedVoxels(shape) });
  await writePsf(`${folder}/psf.zarr`);
  const tiles = await start("deconvolve", { CLEARSTACK_MEMORY: "1GiB" });
  const orchestrator = await start("orchestrate", {
    CLEARSTACK_TILES_URL: tiles.url,
    CLEARSTACK_JOBS: `${folder}/jobs`,
  });
  const api = await start("api", { CLEARSTACK_RUNS_URL: orchestrator.url, CLEARSTACK_ALLOW: folder });
  try {
    const accepted = await fetch(`${api.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        source: { url: `${folder}/image.zarr` },
        psf: { url: `${folder}/psf.zarr` },
        output: { url: `${folder}/apart.zarr` },
        algorithm: { iterations: 2 },
        backend: "cpu",
      }),
    });
    const { id, detail } = await accepted.json();
    assertEquals([accepted.status, detail], [202, undefined]);
    const events = await fetch(`${api.url}/v1/jobs/${id}/events`);
    const last = (await Array.fromAsync(readEvents(events.body!))).at(-1)!.status;
    assertEquals([last.state, last.error], ["done", undefined]);
  } finally {
    for (const { stop } of [api, orchestrator, tiles]) await stop();
  }
  const args = [`${folder}/image.zarr`, `${folder}/direct.zarr`, "--psf", `${folder}/psf.zarr`];
  assertEquals((await runCli(["deconvolve", ...args, "--iterations", "2", "--backend", "cpu"])).status, 0);
  assertEquals(await readOutput(`${folder}/apart.zarr`), await readOutput(`${folder}/direct.zarr`));
  await Deno.remove(folder, { recursive: true });
});
