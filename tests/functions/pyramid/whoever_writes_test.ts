/** The first coarser level is the same, byte for byte, whether it is written with the tiles or made of what is stored of them. */
import { assertEquals } from "@std/assert";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { type JobRequest, type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import type { LevelTask } from "shared/contract/level.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { objectEntry } from "shared/image/output/stored_objects.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { openStore, reduceTile } from "../../stores.ts";
import { identityJobs, keysBelow } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";

/** Eight tiles along x, and an odd number of rows. */
const SHAPE = [4, 9, 8192] as const;
const TILE = 1024;
/** Tiles of what: numbers, zeros, nothing that is stored, and zeros with a sign. */
const TILES = ["numbers", "zeros", "missing", "missing", "missing", "zeros", "numbers", "negative zeros"] as const;

async function sampleRequest(output: Partial<JobRequestInput["output"]>): Promise<JobRequest> {
  const url = memoryUrl();
  const pattern = patternedVoxels(SHAPE);
  const chunk = [4, 9, TILE];
  const values = Float32Array.from(pattern, (value, index) => {
    const what = TILES[Math.floor(index % SHAPE[2] / TILE)]!;
    return what === "numbers" ? value / 7 - 100 : what === "negative zeros" ? -0 : 0;
  });
  await writeZarr(`${url}/image`, { shape: SHAPE, chunk, values });
  const store = openStore(`${url}/image`);
  for (const [x, what] of TILES.entries()) if (what === "missing") await store.delete(`c/0/0/${x}`);
  await writePsf(`${url}/psf`, [1, 3, 3]);
  return JobRequestSchema.parse({
    source: { url: `${url}/image` },
    psf: { url: `${url}/psf` },
    output: { url: `${url}/output`, ...output },
    tiling: { tile: [4, 9, TILE], halo: [0, 4, 4] },
    algorithm: { boundary: "nearest", background: 0 },
    seamCheck: 0,
    backend: "cpu",
  });
}

/** Runs a job. @returns what is stored of it, by key, and the tasks that levels took */
async function outputOf(request: JobRequest, writesCoarser: boolean) {
  const { tiles, ...others } = createTileComputer(identityKernels(), NO_ENVIRONMENT);
  const tasks: LevelTask[] = [];
  const engine = createLocalEngine({
    ...others,
    tiles: ({ coarser, ...task }, ...rest) => tiles(coarser && writesCoarser ? { ...task, coarser } : task, ...rest),
    levels: (task, signal) => {
      tasks.push(task);
      return reduceTile(task, signal);
    },
  });
  const { url } = request.output;
  const { bytesWritten } = await runJob(request, { ...identityJobs(), engine });
  const keys = (await keysBelow(url)).filter((key) => /^\d/.test(key)).sort();
  const stored = await Promise.all(
    keys.map(async (key) => [key, objectEntry((await openStore(url).get(key))!)] as const),
  );
  return { stored, bytesWritten, ofFirst: tasks.filter(({ level }) => level === 1).map(({ tile }) => tile.index) };
}

/** What is stored, and the tiles of the first level that are left to those who read it. */
const CASES: Readonly<
  Record<string, { readonly output: Partial<JobRequestInput["output"]>; readonly left: number[] }>
> = {
  "floats": { output: {}, left: [] },
  "integers": { output: { dtype: "uint16", range: [-50, 400] }, left: [3] },
  "bytes": { output: { dtype: "uint8", range: [0, 400] }, left: [] },
  "OME-Zarr 0.4": { output: { version: "0.4" }, left: [] },
  // Of these, whether anything is stored depends on the sign of zeros.
  "shards": { output: { shards: [4, 9, 512] }, left: [1, 2, 4, 5, 7] },
  "integers in shards": { output: { dtype: "uint8", range: [0, 400], shards: [4, 9, 512] }, left: [1, 2, 4, 5, 7] },
};

for (const [what, { output, left }] of Object.entries(CASES)) {
  Deno.test(`a level of ${what} has the same bytes whoever writes it`, async () => {
    const withTiles = await outputOf(await sampleRequest(output), true);
    const byLevels = await outputOf(await sampleRequest(output), false);
    assertEquals(withTiles.stored, byLevels.stored);
    assertEquals(withTiles.bytesWritten, byLevels.bytesWritten);
    assertEquals([withTiles.ofFirst, byLevels.ofFirst], [left, [...TILES.keys()]]);
  });
}
