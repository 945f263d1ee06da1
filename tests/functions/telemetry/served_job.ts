/** A small job over functions that are served apart, each in a process of its own. */
import { readEvents } from "shared/http/event_stream.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import type { ServedFunction } from "../served_function.ts";
import { startFunction } from "../served_function.ts";

/** What was served, and what became of the job. */
export interface ServedJob {
  readonly status: JobStatus;
  readonly voxels: number;
  readonly functions: Readonly<Record<"api" | "orchestrate" | "deconvolve" | "pyramid", ServedFunction>>;
  /** Ends the processes; returns what each wrote on standard error. */
  stop(): Promise<Record<string, string>>;
}

/** Stands for what must not be told. */
export const SECRET = "planted-signature";

/**
 * Serves an image over HTTP, at a URL with a signature, deconvolves it in four tiles and waits for the end.
 *
 * @param env of every function, by its name
 */
export async function runServedJob(env: (name: string) => Record<string, string>): Promise<ServedJob> {
  // What was started ends here too if something after it fails.
  await using starting = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "clearstack-telemetry-" });
  starting.defer(() => Deno.remove(folder, { recursive: true }));
  const shape = [12, 20, 24];
  await writeZarr(`${folder}/image.zarr`, { shape, chunk: [6, 10, 12], values: patternedVoxels(shape) });
  await writePsf(`${folder}/psf.zarr`);
  const files = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    if (search !== `?sig=${SECRET}`) return new Response(null, { status: 403 });
    const file = await Deno.readFile(`${folder}${pathname}`).catch(() => undefined);
    return file ? new Response(file) : new Response(null, { status: 404 });
  });
  starting.defer(() => files.shutdown());
  const images = `http://127.0.0.1:${files.addr.port}`;
  const allowed = { CLEARSTACK_ALLOW: `${folder} ${images}`, CLEARSTACK_MEMORY: "1GiB" };
  const said: Record<string, string> = {};
  const start = async (name: string, more: Record<string, string> = {}) => {
    const started = await startFunction(name, { env: { ...allowed, ...env(name), ...more } });
    starting.defer(async () => void (said[name] = await started.stop()));
    return started;
  };
  const deconvolve = await start("deconvolve");
  const pyramid = await start("pyramid");
  const addresses = { CLEARSTACK_TILES_URL: deconvolve.url, CLEARSTACK_PYRAMID_URL: pyramid.url };
  const orchestrate = await start("orchestrate", addresses);
  const api = await start("api", { CLEARSTACK_RUNS_URL: orchestrate.url });
  const accepted = await fetch(`${api.url}/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      source: { url: `${images}/image.zarr?sig=${SECRET}` },
      psf: { url: `${folder}/psf.zarr` },
      output: { url: `${folder}/output.zarr` },
      // No pilot reads anything before the tiles.
      algorithm: { iterations: 3, boundary: "symmetric" },
      tiling: { tile: [12, 10, 12], halo: [2, 4, 4] },
      backend: "cpu",
    }),
  });
  const { id, detail } = await accepted.json();
  if (!id) throw new Error(detail);
  const events = await fetch(`${api.url}/v1/jobs/${id}/events`);
  const status = (await Array.fromAsync(readEvents(events.body!))).at(-1)!.status;
  const ending = starting.move();
  return {
    status,
    voxels: shape.reduce((product, side) => product * side, 1),
    functions: { api, orchestrate, deconvolve, pyramid },
    stop: async () => {
      await ending.disposeAsync();
      return said;
    },
  };
}
