/** Everything a job needs, in this process. */
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { describeDevice } from "functions/deconvolve/device.ts";
import { computeClaim } from "functions/orchestrate/compute_claim.ts";
import type { JobDeps } from "functions/orchestrate/run_job.ts";
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import type { Config } from "shared/config.ts";
import { createLocalEngine } from "shared/engine/local.ts";

/** The functions hosted by one process. */
export interface LocalProcess {
  readonly deps: JobDeps;
  /** Frees the device. */
  close(): Promise<void>;
}

/** Puts the functions together; nothing is started or allocated before the first tile. */
export function openLocalProcess(config: Config): LocalProcess {
  const tiles = createTileComputer({ chooseBackend, createDeconvolver });
  const deps: JobDeps = {
    engine: createLocalEngine(tiles),
    device: (choice) => describeDevice(choice, config),
    computeClaim,
  };
  return { deps, close: () => tiles.close() };
}
