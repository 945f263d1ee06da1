/**
 * Cutting one axis of a volume into tiles. Axes are independent, so costs of a volume are products of costs of its axes.
 */
import { fastSide } from "./fast_size.ts";

/** Cut of an axis; all lengths in voxels. */
export interface AxisCut {
  /** Length of the image along this axis. */
  readonly extent: number;
  /** Length of a full tile's core; the last tile may be shorter. */
  readonly core: number;
  /** Least number of voxels read on both sides of the core. */
  readonly halo: number;
  /** Length of the PSF, which a box must hold whole. */
  readonly psf: number;
  /** 0 z, 1 y, 2 x. */
  readonly axis: 0 | 1 | 2;
}

/** The stretch of an axis that one tile owns (core) and computes on (box); starts may be negative. */
interface Span {
  readonly coreStart: number;
  readonly coreLength: number;
  readonly boxStart: number;
  readonly boxLength: number;
}

export function tileCount(cut: AxisCut): number {
  return Math.ceil(cut.extent / cut.core);
}

/** Length of the box around a core of `coreLength`: core, halo on both sides, grown with real neighbours to a fast side. */
export function boxSide(cut: AxisCut, coreLength: number): number {
  return fastSide(Math.max(coreLength + 2 * cut.halo, cut.psf), cut.axis);
}

/** The span of tile `index`; what the box grew is split between both sides. */
export function spanAt(cut: AxisCut, index: number): Span {
  const coreStart = index * cut.core;
  const coreLength = Math.min(cut.core, cut.extent - coreStart);
  const boxLength = boxSide(cut, coreLength);
  const growth = boxLength - coreLength - 2 * cut.halo;
  return { coreStart, coreLength, boxStart: coreStart - cut.halo - Math.floor(growth / 2), boxLength };
}

/** Sum of the box lengths of all tiles along the axis. */
export function boxSideSum(cut: AxisCut): number {
  const last = tileCount(cut) - 1;
  return last * boxSide(cut, cut.core) + spanAt(cut, last).boxLength;
}

/** Length of the longest box along the axis. */
export function largestBoxSide(cut: AxisCut): number {
  return boxSide(cut, Math.min(cut.core, cut.extent));
}

/**
 * Sum over the tiles of the axis of the voxels in the source chunks that their boxes touch: what has to be fetched, since
 * chunks are read whole. The axis may be a part of a longer one, from its voxel `first` on.
 */
export function touchedChunkVoxels(
  cut: AxisCut,
  chunk: number,
  periodic: boolean,
  { first: origin, whole } = { first: 0, whole: cut.extent },
): number {
  const chunks = Math.ceil(whole / chunk);
  const lengthOf = (c: number) => Math.min(chunk, whole - c * chunk);
  let sum = 0;
  for (let index = 0; index < tileCount(cut); index++) {
    const span = spanAt(cut, index);
    const [boxStart, boxLength] = [origin + span.boxStart, span.boxLength];
    const touched = new Set<number>();
    const mark = (start: number, end: number) => {
      const first = Math.floor(Math.max(0, start) / chunk);
      const last = Math.ceil(Math.min(whole, end) / chunk);
      for (let c = first; c < last; c++) touched.add(c);
    };
    mark(boxStart, boxStart + boxLength);
    if (periodic && boxLength >= whole) mark(0, whole);
    else if (periodic) {
      mark(boxStart + whole, Math.min(whole, boxStart + boxLength + whole));
      mark(0, boxStart + boxLength - whole);
    }
    for (const c of touched) if (c < chunks) sum += lengthOf(c);
  }
  return sum;
}
