/** What the optics of the form and the image come to: a PSF for each channel, or what neither states. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import type { ComputedPsf } from "shared/contract/psf_info.ts";
import { selectVolumes } from "shared/image/read/select_volumes.ts";
import { resolveOptics } from "shared/psf/generate/computed_psf.ts";

/** PSFs by the optics; messages by the paths of fields that somebody has to fill in. */
interface FormOptics {
  readonly psfs: readonly ComputedPsf[];
  readonly missing: Readonly<Record<string, string>>;
}

/** Told at a field. */
const MISSING = "the image does not state it: write it here";

/** Optics of a request over an image; nothing where the PSF is given otherwise. */
export function formOptics(request: JobRequestInput, image: ImageInfo): FormOptics {
  const none = { psfs: [], missing: {} };
  const { psf, select } = JobRequestSchema.parse(request);
  if (!("optics" in psf)) return none;
  try {
    return { ...none, psfs: resolveOptics(psf.optics, selectVolumes(image, select)) };
  } catch {
    const { na, immersionIndex, emissionNanometres } = psf.optics;
    const { objective, channels } = image;
    const isLacking = {
      "psf.optics.na": na === undefined && objective?.na === undefined,
      "psf.optics.immersionIndex": immersionIndex === undefined && objective?.immersionIndex === undefined,
      "psf.optics.emissionNanometres": emissionNanometres === undefined &&
        !channels?.some((channel) => channel.emissionNanometres !== undefined),
    };
    const lacking = Object.entries(isLacking).filter(([, lacks]) => lacks).map(([path]) => [path, MISSING]);
    // Whatever else is wrong is told by the service.
    return { ...none, missing: Object.fromEntries(lacking) };
  }
}
