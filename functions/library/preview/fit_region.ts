/** The part of a region that is within the budget, the voxel in its middle kept. */
import type { WantedRegion } from "functions/view/page/preview/messages.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { type Box, mapAxes, type Vec3 } from "shared/volume/geometry.ts";

/** Voxels of a box that is computed on at most: a second on a GPU, and memory that every browser has. */
export const MAX_BOX_VOXELS = 2 ** 24;

/** A region becomes smaller in steps of this. */
const STEP = 0.8;

/**
 * The whole region, or with fewer planes into the screen, or, with one of these, less of the screen.
 *
 * @param plan plans a region; throws `over-budget` for one that is too large
 * @throws {ClearstackError} `over-budget` where not even one voxel is within the budget
 */
export function fitRegion<Plan>(
  wanted: WantedRegion,
  plan: (region: Box) => Plan,
): { readonly region: Box; readonly plan: Plan } {
  let shape: Vec3 = wanted.shape;
  for (;;) {
    const region = around(wanted, shape);
    try {
      return { region, plan: plan(region) };
    } catch (error) {
      if (!isClearstackError(error, "over-budget")) throw error;
      const smaller = cut(shape, wanted.depthAxis);
      if (smaller === undefined) throw tooLarge(error);
      shape = smaller;
    }
  }
}

function cut(shape: Vec3, depthAxis: 0 | 1 | 2): Vec3 | undefined {
  if (shape.every((side) => side === 1)) return undefined;
  const shrinks = (axis: number) => shape[depthAxis] > 1 ? axis === depthAxis : true;
  return mapAxes((axis) => shrinks(axis) ? Math.max(1, Math.floor(STEP * shape[axis])) : shape[axis]);
}

/** A part of this shape about the voxel that stays. */
function around({ start, shape: whole, middle }: WantedRegion, shape: Vec3): Box {
  const first = (axis: 0 | 1 | 2) => {
    const last = start[axis] + whole[axis] - shape[axis];
    return Math.min(Math.max(middle[axis] - (shape[axis] >> 1), start[axis]), last);
  };
  return { start: mapAxes(first), shape };
}

function tooLarge({ need }: ClearstackError): ClearstackError {
  return new ClearstackError(
    "over-budget",
    `a single voxel with the halo that this PSF asks for makes a box of more than ${MAX_BOX_VOXELS} voxels, the most that is ` +
      "computed in a browser: crop the PSF, or take fewer iterations",
    { need, limit: MAX_BOX_VOXELS },
  );
}
