/**
 * Cutting one axis of a volume into tiles. Axes are independent, so costs of a volume are products of costs of its axes.
 */
import { type AxisPlace, boxAround, type Stretch } from "./axis_place.ts";

/** Cut of an axis; all lengths in voxels. */
export interface AxisCut extends AxisPlace {
  /** Length of a full tile's core; the last tile may be shorter. */
  readonly core: number;
}

/** The stretch of an axis that one tile owns, and what it computes on. */
interface Span {
  readonly core: Stretch;
  readonly box: Stretch;
}

export function tileCount(cut: AxisCut): number {
  return Math.ceil(cut.extent / cut.core);
}

/** The span of tile `index`. */
export function spanAt(cut: AxisCut, index: number): Span {
  return spanOf(cut, index, boxSides(cut));
}

/** Sum of the box lengths of all tiles along the axis. */
export function boxSideSum(cut: AxisCut): number {
  const sides = boxSides(cut);
  const tiles = tileCount(cut);
  // Boxes that reach no face of the volume are alike.
  const nearFace = Math.ceil((cut.halo + 1) / cut.core);
  if (tiles <= 2 * nearFace + 2) return sumOver(0, tiles);
  const [head, tail] = [nearFace, tiles - nearFace - 1];
  return sumOver(0, head) + (tail - head) * spanOf(cut, head, sides).box.length + sumOver(tail, tiles);

  function sumOver(from: number, end: number): number {
    let sum = 0;
    for (let index = from; index < end; index++) sum += spanOf(cut, index, sides).box.length;
    return sum;
  }
}

/** Length of the longest box along the axis. */
export function largestBoxSide(cut: AxisCut): number {
  return boxSides(cut).largest;
}

/**
 * Sum over the tiles of the axis of the voxels in the source chunks that their boxes touch: what has to be fetched, since
 * chunks are read whole.
 */
export function touchedChunkVoxels(cut: AxisCut, chunk: number): number {
  const sides = boxSides(cut);
  let sum = 0;
  for (let index = 0; index < tileCount(cut); index++) {
    const touched = new Set<number>();
    for (const [start, end] of readStretches(cut, spanOf(cut, index, sides).box)) {
      for (let c = Math.floor(start / chunk); c * chunk < end; c++) touched.add(c);
    }
    for (const c of touched) sum += Math.min(chunk, cut.whole - c * chunk);
  }
  return sum;
}

/** The two lengths that boxes along an axis have, so that all boxes of a volume have at most eight shapes. */
interface BoxSides {
  readonly largest: number;
  /** Of the last tile, which has a shorter core, and of others that it is long enough for. */
  readonly last: number;
}

function boxSides(cut: AxisCut): BoxSides {
  const last = tileCount(cut) - 1;
  // Of the windows that tiles see, the longest is that of a tile in the middle of the volume, as far as there is one there.
  const middle = (cut.whole / 2 - cut.first) / cut.core - 0.5;
  const at = (index: number) => Math.min(Math.max(index, 0), last);
  const indices = [0, at(Math.floor(middle)), at(Math.ceil(middle)), at(last - 1), last];
  const lengths = indices.map((index) => boxAround(cut, coreAt(cut, index)).length);
  return { largest: Math.max(...lengths), last: lengths.at(-1)! };
}

function spanOf(cut: AxisCut, index: number, { largest, last }: BoxSides): Span {
  const core = coreAt(cut, index);
  const box = boxAround(cut, core);
  const side = box.length <= last ? last : largest;
  return { core, box: box.length === side ? box : boxAround(cut, core, side) };
}

function coreAt({ core, extent }: AxisCut, index: number): Stretch {
  const start = index * core;
  return { start, length: Math.min(core, extent - start) };
}

/** Stretches of stored voxels that a box holds, from their first to before their end, counted from the volume's first voxel. */
function readStretches(cut: AxisCut, box: Stretch): [start: number, end: number][] {
  const { repeated } = cut;
  const stretches: [number, number][] = [];
  const end = cut.first + box.start + box.length;
  for (let at = cut.first + box.start, next = end; at < end; at = next) {
    const copy = repeated ? Math.floor((at - repeated.start) / repeated.length) * repeated.length : 0;
    next = repeated ? Math.min(end, copy + repeated.start + repeated.length) : end;
    stretches.push(...storedStretches(cut, at - copy, next - copy));
  }
  return stretches.filter(([start, end]) => start < end);
}

/** Stretches of stored voxels behind positions outside or inside the volume. */
function storedStretches({ whole, boundary }: AxisCut, start: number, end: number): [number, number][] {
  if (boundary === "nearest") {
    const clamped = (position: number) => Math.min(Math.max(position, 0), whole - 1);
    return [[clamped(start), clamped(end - 1) + 1]];
  }
  if (boundary !== "symmetric") return [[Math.max(0, start), Math.min(whole, end)]];
  const stretches: [number, number][] = [];
  for (let at = start, next = end; at < end; at = next) {
    // Every other copy of the volume is mirrored.
    const copy = Math.floor(at / whole);
    next = Math.min(end, (copy + 1) * whole);
    const [from, to] = [at - copy * whole, next - copy * whole];
    stretches.push(copy % 2 === 0 ? [from, to] : [whole - to, whole - from]);
  }
  return stretches;
}
