/** What is known of the optics of an image, kept with what is made of it, so that nobody has to state it twice. */
import { z } from "zod";
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { JobPsf } from "shared/contract/psf_info.ts";
import { channelCount } from "shared/volume/channels.ts";
import { asRecord } from "../zarr/zarr_node.ts";

const ObjectiveSchema = z.object({
  na: z.number().positive().lt(2).optional().catch(undefined),
  immersionIndex: z.number().min(1).max(2.5).optional().catch(undefined),
});

/** The image with the lens and the wavelengths that its PSFs were computed from; as it is where they are stored ones. */
export function withOptics(image: ImageInfo, { optics, channels }: JobPsf): ImageInfo {
  const computed = channels?.map((psf) => psf.optics) ?? [optics];
  const [first] = computed;
  if (first === undefined) return image;
  const { na, immersionIndex } = first;
  return {
    ...image,
    channels: Array.from({ length: channelCount(image) }, (_, channel) => ({
      ...image.channels?.[channel],
      emissionNanometres: (computed[channel] ?? first).emissionNanometres,
    })),
    objective: { na, immersionIndex },
  };
}

/** The lens as the `clearstack` attribute of an output of ours has it: OME-Zarr has no place for one. */
export function recordedObjective(
  attributes: Record<string, unknown>,
): Pick<ImageInfo, "objective" | "objectiveFrom"> {
  const { na, immersionIndex } = ObjectiveSchema.safeParse(asRecord(attributes.clearstack).objective).data ?? {};
  if (na === undefined && immersionIndex === undefined) return {};
  const objective = {
    ...(na === undefined ? {} : { na }),
    ...(immersionIndex === undefined ? {} : { immersionIndex }),
  };
  return { objective, objectiveFrom: "clearstack" };
}
