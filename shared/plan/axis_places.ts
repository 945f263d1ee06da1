/** The axes of a plan, as its boxes see them. */
import type { Plan } from "shared/contract/plan.ts";
import { type Box, mapAxes } from "shared/volume/geometry.ts";
import { placeInVolume, spatialShape } from "shared/volume/spatial.ts";
import { type AxisPlace, repeatedStretch } from "./axis_place.ts";
import { psfReach } from "./psf_reach.ts";

/** What of a plan boxes depend on, besides the tile. */
type PlacedParts = Pick<Plan, "source" | "psf" | "halo" | "algorithm">;

/** Faces, halo, and what lies beyond, along z, y, x. */
export function axisPlaces(
  { source, psf, halo, algorithm: { boundary } }: PlacedParts,
): [AxisPlace, AxisPlace, AxisPlace] {
  const extents = spatialShape(source);
  const { start, whole } = placeInVolume(source);
  return mapAxes((axis) => {
    const place = {
      extent: extents[axis],
      first: start[axis],
      whole: whole[axis],
      halo: halo[axis],
      reach: psfReach(psf, axis),
      psf: psf.shape[axis],
      axis,
      boundary,
    };
    return { ...place, repeated: repeatedStretch(place) };
  });
}

/**
 * The volume with what its boundary rule puts around it, beyond which it repeats, in voxels of the volume; undefined where the rule
 * alone says what lies outside.
 */
export function repeatedBox(parts: PlacedParts): Box | undefined {
  const { boundary } = parts.algorithm;
  if (boundary === "periodic" || boundary === "non-circulant") return undefined;
  const places = axisPlaces(parts);
  const stretches = mapAxes((axis) => places[axis].repeated!);
  return { start: mapAxes((axis) => stretches[axis].start), shape: mapAxes((axis) => stretches[axis].length) };
}
