/** The `view` function as a process of its own, beside those it calls, under its own permissions. */
import { assertEquals } from "@std/assert";
import * as zarr from "zarrita";
import { registerCodecs } from "shared/codec/codecs.ts";
import { readOutput } from "../identity_jobs.ts";
import { runCli } from "../cli/run_cli.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { startFunction } from "../served_function.ts";

Deno.test("each under its own permissions, the functions serve a view with the voxels of the command line", async () => {
  registerCodecs();
  const folder = await Deno.makeTempDir({ prefix: "clearstack-apart-" });
  const [image, psf] = [`${folder}/image.zarr`, `${folder}/psf.zarr`];
  const shape = [12, 20, 24];
  await writeZarr(image, { shape, chunk: [6, 10, 12], values: patternedVoxels(shape) });
  await writePsf(psf);
  const key = (await runCli(["keys", "create", "lab", "--file", `${folder}/keys.json`, "--quiet"])).out.trim();
  const CLEARSTACK_TOKEN = crypto.randomUUID();
  // Those that compute may write the cache; callers may not name it.
  const inner = { CLEARSTACK_TOKEN, CLEARSTACK_ALLOW: folder, CLEARSTACK_MEMORY: "1GiB" };
  const tiles = await startFunction("deconvolve", { env: inner });
  const levels = await startFunction("pyramid", { env: inner });
  const addresses = { CLEARSTACK_TILES_URL: tiles.url, CLEARSTACK_PYRAMID_URL: levels.url };
  const orchestrator = await startFunction("orchestrate", {
    env: { ...inner, ...addresses, CLEARSTACK_JOBS: `${folder}/jobs` },
  });
  const view = await startFunction("view", {
    env: { ...inner, ...addresses, CLEARSTACK_RUNS_URL: orchestrator.url, CLEARSTACK_VIEW_CACHE: `${folder}/views` },
  });
  const api = await startFunction("api", {
    env: {
      CLEARSTACK_TOKEN,
      CLEARSTACK_RUNS_URL: orchestrator.url,
      CLEARSTACK_VIEWS_URL: view.url,
      CLEARSTACK_ALLOW_SOURCES: `${image} ${psf}`,
      CLEARSTACK_KEYS: `${folder}/keys.json`,
    },
  });
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  try {
    const request = { source: { url: image }, psf: { url: psf }, algorithm: { iterations: 2 }, backend: "cpu" };
    const made = await fetch(`${api.url}/v1/views`, { method: "POST", headers, body: JSON.stringify(request) });
    const { urls, detail } = await made.json();
    assertEquals([made.status, detail], [201, undefined]);
    const root = zarr.root(new zarr.FetchStore(view.url + new URL(urls["0.5"]).pathname));
    const { data } = await zarr.get(await zarr.open.v3(root.resolve("0"), { kind: "array" }));
    const args = [image, `${folder}/direct.zarr`, "--psf", psf, "--iterations", "2", "--backend", "cpu"];
    assertEquals((await runCli(["deconvolve", ...args])).status, 0);
    assertEquals(data, await readOutput(`${folder}/direct.zarr`));
    const unsigned = await fetch(`${view.url}/v1/views`);
    assertEquals([unsigned.status, (await unsigned.json()).status], [401, 401]);
    const cached = { ...request, source: { url: `${folder}/views/signing.key` } };
    const refused = await fetch(`${api.url}/v1/views`, { method: "POST", headers, body: JSON.stringify(cached) });
    await refused.body?.cancel();
    assertEquals(refused.status, 403);
  } finally {
    for (const { stop } of [api, view, orchestrator, levels, tiles]) await stop();
    await Deno.remove(folder, { recursive: true });
  }
});
