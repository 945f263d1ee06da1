/** The PSF of a job, or those of all channels, as they are now. */
import { loadJobPsf } from "functions/orchestrate/plan/load_job_psf.ts";
import { openedFor } from "functions/orchestrate/plan/prepare_job.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobPsf } from "shared/contract/psf_info.ts";
import { selectVolumes } from "shared/image/read/select_volumes.ts";
import { openPsf } from "shared/psf/load_psf.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";

/**
 * Reads what a plan would know of the PSF of a request.
 *
 * @param stored the source, as it is stored
 * @throws {ClearstackError} what reading a PSF throws, and `invalid-request` for one that does not go with the source
 */
export async function readJobPsf(request: JobRequest, stored: ImageInfo, access: StoreAccess): Promise<JobPsf> {
  const selected = selectVolumes(stored, request.select);
  const opened = await Promise.all(psfLocations(request).map((location) => openPsf(location, access)));
  return (await loadJobPsf(request, openedFor(request, selected, opened), { stored, selected })).info;
}
