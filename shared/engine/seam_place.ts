/** What is compared around a place where tiles meet, and the box it is computed on. */
import { type AxisPlace, boxAround, type Stretch } from "shared/plan/axis_place.ts";
import { axisPlaces } from "shared/plan/axis_places.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { Piece } from "shared/contract/tile.ts";
import { mapAxes, type Vec3 } from "shared/volume/geometry.ts";

/** A place where tiles meet. */
interface SeamPlace {
  /** The seam across each axis; undefined along one that is not cut, all of which is compared. */
  readonly seams: readonly (number | undefined)[];
  /** Voxels compared on both sides of a seam. */
  readonly reach: Vec3;
}

/**
 * The place with a box of the plan's size, or of what a core twice as long would take if that is less. Where the halo leaves no room
 * for so much, less is compared.
 */
export function placeAround(plan: Plan, { seams, reach }: SeamPlace, most: Vec3 = plan.box): Piece {
  const places = axisPlaces(plan);
  const spans = mapAxes((axis) => {
    const seam = seams[axis];
    const whole = { start: 0, length: plan.shape[axis] };
    return seam === undefined
      ? { core: whole, box: boxAround(places[axis], whole) }
      : spanAround(places[axis], { seam, reach: reach[axis], most: most[axis] });
  });
  const triples = (of: "core" | "box") => ({
    start: mapAxes((axis) => spans[axis][of].start),
    shape: mapAxes((axis) => spans[axis][of].length),
  });
  return { core: triples("core"), box: triples("box") };
}

function spanAround(
  place: AxisPlace,
  { seam, reach, most }: { readonly seam: number; readonly reach: number; readonly most: number },
): { core: Stretch; box: Stretch } {
  const around = (voxels: number) => ({ start: seam - voxels, length: 2 * voxels });
  while (reach > 1 && boxAround(place, around(reach)).length > most) reach = Math.ceil(reach / 2);
  const start = Math.max(0, seam - reach);
  return {
    core: { start, length: Math.min(place.extent, seam + reach) - start },
    box: boxAround(place, around(reach), most),
  };
}
