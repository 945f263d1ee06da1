/** The lens of an image as OME-XML states it (schema of June 2016): Objective and ObjectiveSettings. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Attributes } from "./ome_xml.ts";

/** Refractive indices of media by their names in the schema. */
const MEDIA: Readonly<Record<string, number>> = {
  Air: 1,
  Water: 1.33,
  WaterDipping: 1.33,
  Glycerol: 1.47,
  Oil: 1.515,
};

/** The fields, named as in a description of an image; empty where none is stated that a lens can have. */
export function omeObjective({ LensNA, Immersion, Medium, RefractiveIndex }: Attributes): Pick<ImageInfo, "objective"> {
  const na = Number(LensNA);
  const stated = Number(RefractiveIndex);
  const immersionIndex = stated >= 1 && stated <= 2.5 ? stated : MEDIA[Medium ?? ""] ?? MEDIA[Immersion ?? ""];
  const objective = {
    ...(na > 0 && na < 2 ? { na } : {}),
    ...(immersionIndex === undefined ? {} : { immersionIndex }),
  };
  return Object.keys(objective).length === 0 ? {} : { objective };
}
