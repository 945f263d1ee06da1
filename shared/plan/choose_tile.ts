/**
 * Choosing tile and box together: of all cuts into boxes of fast sides that fit the memory, the one that computes and reads
 * the fewest voxels for the whole volume.
 */
import type { AxisPlace } from "./axis_place.ts";
import { type AxisCut, boxSideSum, largestBoxSide, tileCount } from "./axis_cut.ts";
import { fastSide, MAX_SIDE, MIN_SIDE } from "./fast_size.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

/** Cores are multiples of this (z, y, x), so that they split into even chunks; an axis that is not cut is exempt. */
const GRANULE: Vec3 = [8, 32, 32];

/** Work that a tile costs besides its voxels (requests, dispatches), as a number of computed voxels. */
const TILE_OVERHEAD_VOXELS = 100_000;

/** The three axes, before their core is chosen. */
export type UncutAxes = readonly [UncutAxis, UncutAxis, UncutAxis];

interface UncutAxis extends AxisPlace {
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

/** A cut of one axis, and what it costs. */
interface Candidate {
  readonly cut: AxisCut;
  readonly largestSide: number;
  readonly computed: number;
  readonly read: number;
  readonly tiles: number;
}

/** The cheapest cut that fits, or undefined if none does. */
export function chooseTile(axes: UncutAxes, { fits, readVoxels, readCost }: Goal): Cuts | undefined {
  const [zs, ys, xs] = axes.map((axis) => candidates(axis, readVoxels));
  let best: Cuts | undefined;
  let bestCost = Infinity;
  for (const z of zs!) {
    for (const y of ys!) {
      for (const x of xs!) {
        const cost = z.computed * y.computed * x.computed + readCost * z.read * y.read * x.read +
          TILE_OVERHEAD_VOXELS * z.tiles * y.tiles * x.tiles;
        if (cost < bestCost && fits([z.cut, y.cut, x.cut])) {
          best = [z.cut, y.cut, x.cut];
          bestCost = cost;
        }
      }
    }
  }
  return best;
}

/** The smallest boxes that any cut of these axes can have: what a refusal quotes as the least memory. */
export function smallestCut(axes: UncutAxes): Cuts {
  return axes.map((axis) => candidates(axis, boxSideSum)[0]!.cut) as unknown as Cuts;
}

/** Cuts of one axis worth trying, by rising box side: each computes or reads less than all before it. */
function candidates(axis: UncutAxis, readVoxels: (cut: AxisCut) => number): Candidate[] {
  const weighed = (cut: AxisCut): Candidate => ({
    cut,
    largestSide: largestBoxSide(cut),
    computed: boxSideSum(cut),
    read: readVoxels(cut),
    tiles: tileCount(cut),
  });
  const { fixedCore, granule = GRANULE[axis.axis], ...uncut } = axis;
  if (fixedCore !== undefined) return [weighed({ ...uncut, core: Math.min(fixedCore, axis.extent) })];
  const cores = new Set<number>([axis.extent]);
  const largest = Math.min(MAX_SIDE, fastSide(axis.extent + 2 * axis.halo, axis.axis));
  for (let side = MIN_SIDE; side <= largest; side = fastSide(side + 1, axis.axis)) {
    const room = Math.min(side - 2 * axis.halo, axis.extent);
    if (room >= granule) cores.add(room - room % granule);
    // Of two tiles, each is at a face, where unknown voxels take less than a halo.
    const half = side - axis.halo - 2 * axis.reach;
    if (half >= granule && half < axis.extent && 2 * half >= axis.extent) cores.add(half - half % granule);
  }
  cores.add(Math.min(granule, axis.extent));
  const cuts = [...cores].map((core) => weighed({ ...uncut, core }))
    .sort((a, b) => a.largestSide - b.largestSide || a.computed - b.computed);
  let [computed, read] = [Infinity, Infinity];
  return cuts.filter((cut) => {
    const better = cut.computed < computed || cut.read < read;
    computed = Math.min(computed, cut.computed);
    read = Math.min(read, cut.read);
    return better;
  });
}
