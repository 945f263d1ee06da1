/** A job on the copying kernels, with everything else as it is. */
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import type { JobDeps } from "functions/orchestrate/run/run_job.ts";
import { createLevelReducer } from "functions/pyramid/reduce_tile.ts";
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { BOXES_AT_ONCE, COPYING_KERNELS } from "./copying_kernels.ts";

/** Cut of the volume, the same for every side of the comparison. */
export interface Cut {
  readonly tile: Vec3;
  readonly halo: number;
}

/** The functions of a process with a GPU, whose kernels only copy. */
export function copyingJobs(): JobDeps & { readonly close: () => Promise<void> } {
  const { close, ...tiles } = createTileComputer(COPYING_KERNELS, NO_ENVIRONMENT);
  return {
    engine: createLocalEngine({ ...tiles, levels: createLevelReducer(NO_ENVIRONMENT) }),
    device: () =>
      Promise.resolve({
        ...{ backend: "webgpu", adapter: "copies", reason: "a benchmark", computeOnHost: false },
        ...{ hostBytes: 8 * 2 ** 30, deviceBytes: 8 * 2 ** 30, boxesAtOnce: BOXES_AT_ONCE },
      }),
    computeClaim: () => () => ({ kernels: 0 }),
    environment: NO_ENVIRONMENT,
    close,
  };
}

/** The request for a job from `source.zarr` to `NAME.zarr` of a folder. */
export function copyingRequest(folder: string, name: string, { tile, halo }: Cut, pyramid: boolean): JobRequest {
  return JobRequestSchema.parse({
    source: { url: `${folder}/source.zarr`, path: "0" },
    psf: { url: `${folder}/psf.zarr`, path: "0" },
    output: { url: `${folder}/${name}.zarr`, ifExists: "overwrite", pyramid: pyramid ? "auto" : "none" },
    algorithm: { iterations: 1, boundary: "periodic" },
    tiling: { tile, halo: [halo, halo, halo] },
    seamCheck: 0,
    backend: "webgpu",
  });
}
