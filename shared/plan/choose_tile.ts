/**
 * Choosing tile and box together: of all cuts into boxes of fast sides that fit the memory, the one that computes and reads
 * the fewest voxels for the whole volume.
 */
import { type AxisCut, boxSideSum, largestBoxSide, tileCount } from "./axis_cut.ts";
import { fastSide, MAX_SIDE, MIN_SIDE } from "./fast_size.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

/** Cores are multiples of this (z, y, x), so that they split into even chunks; an axis that is not cut is exempt. */
const GRANULE: Vec3 = [8, 32, 32];

/** Work that a tile costs besides its voxels (requests, dispatches), as a number of computed voxels. */
const TILE_OVERHEAD_VOXELS = 100_000;

/** The three axes, before their core is chosen. */
export type UncutAxes = readonly [UncutAxis, UncutAxis, UncutAxis];

interface UncutAxis extends Omit<AxisCut, "core"> {
  /** Tile that the caller chose. */
  readonly fixedCore?: number;
  /** Cores are multiples of this unless the axis is not cut. @default {8 along z, 32 along y and x} */
  readonly granule?: number;
}

/** Three cut axes, z, y, x. */
export type Cuts = readonly [AxisCut, AxisCut, AxisCut];

/** Measure by which one cut is better than another. */
export interface Goal {
  /** Tells whether a cut stays within the memory limits. */
  readonly fits: (cuts: Cuts) => boolean;
  /** Voxels of source chunks that the tiles of an axis fetch, see `touchedChunkVoxels`. */
  readonly readVoxels: (cut: AxisCut) => number;
  /** Cost of reading a voxel, in voxels computed to the end. */
  readonly readCost: number;
}

/** The cheapest cut that fits, or undefined if none does. */
export function chooseTile(axes: UncutAxes, { fits, readVoxels, readCost }: Goal): Cuts | undefined {
  const [zs, ys, xs] = axes.map((axis) => candidates(axis, readVoxels).map((cut) => ({ cut, read: readVoxels(cut) })));
  let best: Cuts | undefined;
  let bestCost = Infinity;
  for (const { cut: z, read: readZ } of zs!) {
    for (const { cut: y, read: readY } of ys!) {
      for (const { cut: x, read: readX } of xs!) {
        const cost = boxSideSum(z) * boxSideSum(y) * boxSideSum(x) + readCost * readZ * readY * readX +
          TILE_OVERHEAD_VOXELS * tileCount(z) * tileCount(y) * tileCount(x);
        if (cost < bestCost && fits([z, y, x])) {
          best = [z, y, x];
          bestCost = cost;
        }
      }
    }
  }
  return best;
}

/** The smallest boxes that any cut of these axes can have: what a refusal quotes as the least memory. */
export function smallestCut(axes: UncutAxes): Cuts {
  return axes.map((axis) => candidates(axis, boxSideSum)[0]!) as unknown as Cuts;
}

/** Cuts of one axis worth trying, by rising box side: each computes or reads less than all before it. */
function candidates(axis: UncutAxis, readVoxels: (cut: AxisCut) => number): AxisCut[] {
  const { fixedCore, granule = GRANULE[axis.axis], ...uncut } = axis;
  if (fixedCore !== undefined) return [{ ...uncut, core: Math.min(fixedCore, axis.extent) }];
  const cores = new Set<number>();
  const largest = Math.min(MAX_SIDE, fastSide(axis.extent + 2 * axis.halo, axis.axis));
  for (let side = MIN_SIDE; side <= largest; side = fastSide(side + 1, axis.axis)) {
    const room = side - 2 * axis.halo;
    if (room >= axis.extent) cores.add(axis.extent);
    else if (room >= granule) cores.add(room - room % granule);
  }
  cores.add(Math.min(granule, axis.extent));
  const cuts = [...cores].map((core) => ({ ...uncut, core }))
    .sort((a, b) => largestBoxSide(a) - largestBoxSide(b) || boxSideSum(a) - boxSideSum(b));
  let [computed, read] = [Infinity, Infinity];
  return cuts.filter((cut) => {
    const better = boxSideSum(cut) < computed || readVoxels(cut) < read;
    computed = Math.min(computed, boxSideSum(cut));
    read = Math.min(read, readVoxels(cut));
    return better;
  });
}
