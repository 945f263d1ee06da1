/** Plans of views: as those of jobs, with tiles so small that the first slice is there soon. */
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import { isClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

/**
 * Cores that are tried in turn: a slice of what viewers draw at once, 256 x 256, with the planes around it; deep, since the halo along z
 * is most of a flat box, and viewers scrub through z. What does not fit the memory is tried smaller.
 */
const CORES: readonly Vec3[] = [[64, 256, 256], [32, 256, 256], [16, 256, 256], [32, 128, 128], [16, 64, 64]];

/**
 * Plans with the first core that fits, or with the tile that the request states.
 *
 * @param plan plans a request as a job's is
 * @throws {ClearstackError} what planning throws
 */
export async function planView(
  request: JobRequest,
  plan: (request: JobRequest) => Promise<Plan>,
  cores = CORES,
): Promise<Plan> {
  if (request.tiling.tile !== "auto") return await plan(request);
  for (const tile of cores) {
    try {
      return await plan({ ...request, tiling: { ...request.tiling, tile } });
    } catch (error) {
      if (!isClearstackError(error, "over-budget")) throw error;
    }
  }
  return await plan(request);
}
