/** Jobs in memory over kernels that change nothing: everything but the kernels is real. */
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { createLevelReducer } from "functions/pyramid/reduce_tile.ts";
import type { JobDeps } from "functions/orchestrate/run/run_job.ts";
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import type { PsfLocation } from "shared/contract/location.ts";
import type { Invoke } from "shared/engine/task_kinds.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import { NO_ENVIRONMENT, type StoreEnvironment } from "shared/storage/store_environment.ts";
import { openImage, openStore } from "../stores.ts";
import type { IdentityKernels } from "./identity_kernels.ts";
import { identityKernels } from "./identity_kernels.ts";
import { patternedVoxels, writePsf, writeZarr } from "./sample_image.ts";

/** What jobs need, and the kernels below. */
export interface IdentityJobs extends JobDeps {
  readonly kernels: IdentityKernels;
}

/** @param wrap what to put around the invocation of a tile */
export function identityJobs(
  kernels: IdentityKernels = identityKernels(),
  wrap: (invoke: Invoke<"tiles">) => Invoke<"tiles"> = (invoke) => invoke,
  environment: StoreEnvironment = NO_ENVIRONMENT,
): IdentityJobs {
  const tiles = createTileComputer(kernels, environment);
  const retries = { attempts: 3, firstDelayMs: 1, longestDelayMs: 1 };
  return {
    kernels,
    engine: createLocalEngine({ ...tiles, tiles: wrap(tiles.tiles), levels: createLevelReducer(environment) }, {
      retries,
    }),
    device: () =>
      Promise.resolve({
        backend: "cpu",
        adapter: "identity",
        reason: "a test",
        hostBytes: 2 ** 30,
        deviceBytes: 2 ** 30,
        boxesAtOnce: 1,
        computeOnHost: true,
      }),
    computeClaim: () => () => ({ kernels: 0 }),
    environment,
  };
}

/** A request that names one PSF. */
type SampleRequest = JobRequest & { readonly psf: PsfLocation };

let samples = 0;

/** A request over a fresh image of 20 x 40 x 36 voxels in memory, cut into 2 x 3 x 3 tiles. */
export async function sampleRequest(): Promise<{ readonly request: SampleRequest; readonly values: Float32Array }> {
  const name = `memory:functions-${++samples}`;
  const shape = [20, 40, 36];
  const values = patternedVoxels(shape);
  await writeZarr(`${name}/image`, { shape, chunk: [7, 16, 16], values });
  await writePsf(`${name}/psf`);
  const psf = { url: `${name}/psf` };
  const request = JobRequestSchema.parse({
    source: { url: `${name}/image` },
    psf,
    output: { url: `${name}/output` },
    // Nothing is left to a pilot.
    algorithm: { boundary: "symmetric" },
    tiling: { tile: [10, 16, 16], halo: [2, 4, 4] },
    backend: "cpu",
  });
  return { request: { ...request, psf }, values: Float32Array.from(values) };
}

/** All voxels of the first volume of an output. */
export async function readOutput(url: string): Promise<Float32Array> {
  const image = await openImage({ url });
  const outer = image.info.axes.filter(({ name }) => name === "t" || name === "c").map(() => 0);
  const box = { start: [0, 0, 0] as const, shape: spatialShape(image.info) };
  return (await readBox(image, { outer, box, boundary: "constant" })).values;
}

/** Keys of all objects below a URL, sorted. */
export async function keysBelow(url: string): Promise<string[]> {
  return (await Array.fromAsync(openStore(url).list(""))).sort();
}

/** Indices of the tiles that have a record, sorted. */
export async function recordedTiles(url: string): Promise<number[]> {
  const keys = await keysBelow(url);
  return keys.flatMap((key) => /^\.clearstack\/tiles\/.*\/(\d+)\.json$/.exec(key)?.[1] ?? []).map(Number);
}
