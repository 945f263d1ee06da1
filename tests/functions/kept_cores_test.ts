/** Tiles that are run to find the range of integers are not computed a second time, and come out with the same bytes. */
import { assertEquals } from "@std/assert";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { prepareJob } from "functions/orchestrate/plan/prepare_job.ts";
import { type JobDeps, runJob } from "functions/orchestrate/run/run_job.ts";
import { createLevelReducer } from "functions/pyramid/reduce_tile.ts";
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { memoryUrl } from "../fixtures/memory_url.ts";
import { identityJobs } from "./identity_jobs.ts";
import { levelObjects } from "./orchestrate/outputs/small_job.ts";
import { patternedVoxels, writePsf, writeZarr } from "./sample_image.ts";

const SHAPE = [2, 6, 40, 200];
const URL = memoryUrl();
await writeZarr(`${URL}/image`, { shape: SHAPE, chunk: [1, 6, 20, 100], values: patternedVoxels(SHAPE) });
await writePsf(`${URL}/psf`);

const requestOf = (output: string, tile: [number, number, number]) =>
  JobRequestSchema.parse({
    source: { url: `${URL}/image` },
    psf: { url: `${URL}/psf` },
    output: { url: `${URL}/${output}`, dtype: "uint16" },
    algorithm: { iterations: 3, background: "auto" },
    tiling: { tile, halo: [2, 4, 4] },
    backend: "cpu",
    seamCheck: 0,
  });

/** Jobs over the kernels of the CPU, on a machine of so much memory, and how often these ran. */
function counted(hostBytes: number): { readonly deps: JobDeps; readonly runs: () => number } {
  let runs = 0;
  const computer = createTileComputer({
    chooseBackend,
    createDeconvolver: async (...given) => {
      const made = await createDeconvolver(...given);
      return Object.assign(Object.create(made), {
        run: (...run: Parameters<typeof made.run>) => {
          runs++;
          return made.run(...run);
        },
        close: () => made.close(),
      });
    },
  }, NO_ENVIRONMENT);
  const engine = createLocalEngine({ ...computer, levels: createLevelReducer(NO_ENVIRONMENT) });
  const jobs = identityJobs();
  const device = async () => ({ ...await jobs.device("cpu"), hostBytes });
  return { deps: { ...jobs, engine, device }, runs: () => runs };
}

for (
  const [tile, tiles, looked] of [
    [[6, 20, 100], 8, 8],
    // Of two channels, four tiles each are looked at.
    [[6, 20, 20], 40, 8],
  ] as const
) {
  Deno.test(`of ${tiles} tiles, the ${looked} that are looked at first are computed once, where there is memory for them`, async () => {
    const request = requestOf(`kept-${tiles}`, [...tile]);
    const roomy = counted(2 ** 30);
    const { plan } = await prepareJob(request, roomy.deps);
    assertEquals(plan.tiles, tiles);
    await runJob(request, roomy.deps);
    assertEquals(roomy.runs(), tiles);
    // Memory for the plan alone: what is looked at is computed again.
    const narrow = counted(plan.hostBytes);
    await runJob(requestOf(`twice-${tiles}`, [...tile]), narrow.deps);
    assertEquals(narrow.runs(), tiles + looked);
    assertEquals(await levelObjects(`${URL}/kept-${tiles}`), await levelObjects(`${URL}/twice-${tiles}`));
  });
}

Deno.test("what was kept for a job that has ended goes when another begins", async () => {
  const { deps, runs } = counted(2 ** 30);
  const request = requestOf("ended", [6, 20, 100]);
  const stop = new AbortController();
  // It ends between its pilot and its first tile.
  const engine: JobDeps["engine"] = {
    ...deps.engine,
    fanOut: (kind, ...given) => {
      if (kind === "tiles") throw stop.signal.reason ?? new Error("ended");
      return deps.engine.fanOut(kind, ...given);
    },
  };
  await runJob(request, { ...deps, engine }).catch(() => {});
  assertEquals(runs(), 8);
  const { algorithm } = request;
  await runJob({ ...requestOf("other", [6, 20, 100]), algorithm: { ...algorithm, iterations: 2 } }, deps);
  await runJob(requestOf("again", [6, 20, 100]), deps);
  assertEquals(runs(), 8 + 8 + 8);
});
