/** Each function as a process of its own, started the way it is deployed. */
import { assertEquals } from "@std/assert";
import { readEvents } from "shared/http/event_stream.ts";
import { openImage } from "shared/image/open_image.ts";
import { readWhole } from "../fixtures/read_whole.ts";
import { runCli } from "./cli/run_cli.ts";
import { patternedVoxels, writePsf, writeZarr } from "./sample_image.ts";

const ROOT = new URL("../../", import.meta.url);

/** Starts the main.ts of a function on a free port, with the permissions that it is deployed with. */
async function start(name: string, env: Record<string, string> = {}) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", `-P=${name}`, "--no-prompt", "--no-check", `functions/${name}/main.ts`],
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

Deno.test("endpoint, orchestrator, tiles and levels as four processes give the bytes of the command line", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-apart-" });
  const shape = [6, 20, 300];
  await writeZarr(`${folder}/image.zarr`, { shape, chunk: [6, 10, 150], values: patternedVoxels(shape) });
  await writePsf(`${folder}/psf.zarr`);
  const tiles = await start("deconvolve", { CLEARSTACK_MEMORY: "1GiB" });
  const levels = await start("pyramid");
  const orchestrator = await start("orchestrate", {
    CLEARSTACK_TILES_URL: tiles.url,
    CLEARSTACK_PYRAMID_URL: levels.url,
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
    for (const { stop } of [api, orchestrator, tiles, levels]) await stop();
  }
  const args = [`${folder}/image.zarr`, `${folder}/direct.zarr`, "--psf", `${folder}/psf.zarr`];
  assertEquals((await runCli(["deconvolve", ...args, "--iterations", "2", "--backend", "cpu"])).status, 0);
  for (const path of ["0", "1"]) {
    const [apart, direct] = ["apart", "direct"].map((name) => openImage({ url: `${folder}/${name}.zarr`, path }));
    assertEquals(await readWhole(await apart!), await readWhole(await direct!), `level ${path}`);
  }
  await Deno.remove(folder, { recursive: true });
});
