/** The PSFs of a request as a list. */
import type { JobRequest } from "shared/contract/job_request.ts";
import type { PsfLocation } from "shared/contract/location.ts";

/** All PSFs that a request names: one for all channels, or one for each; none where it has them computed. */
export function psfLocations({ psf }: Pick<JobRequest, "psf">): readonly PsfLocation[] {
  return Array.isArray(psf) ? psf : "optics" in psf ? [] : [psf];
}
