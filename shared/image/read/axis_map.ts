/** The boundary rule along one axis, as index arithmetic: which stored voxel stands at each position of a box. */
import type { Boundary } from "shared/contract/algorithm.ts";
import { type Box, mapAxes, type Vec3 } from "shared/volume/geometry.ts";
import { modulo } from "shared/volume/position.ts";

/** Marks a position where no stored voxel stands. */
export const OUTSIDE = -1;

/** Positions of a box along one axis whose voxels lie in one chunk: `to[i]` in the box is `from[i]` in the chunk. */
export interface AxisPiece {
  /** Index of the chunk along this axis. */
  readonly chunk: number;
  readonly to: Int32Array;
  readonly from: Int32Array;
}

/** Parts of the axes that a box covers. */
interface AxisSpan {
  /** First position; may be negative. */
  readonly start: number;
  readonly count: number;
  /** Voxels the image has along the axis. */
  readonly length: number;
  /** What repeats: the image and what the rule puts around it. @default {nothing: the rule holds everywhere} */
  readonly repeated?: { readonly start: number; readonly length: number } | undefined;
}

/** For every position of the span: the index of the voxel that stands there, or {@link OUTSIDE}. */
export function axisMap({ start, count, length, repeated }: AxisSpan, boundary: Boundary): Int32Array {
  const rule = RULES[boundary];
  return Int32Array.from({ length: count }, (_, offset) => {
    const at = start + offset;
    const index = repeated ? repeated.start + modulo(at - repeated.start, repeated.length) : at;
    return index >= 0 && index < length ? index : rule(index, length);
  });
}

/** The maps of all axes of a box, which counts from the first voxel of a volume of the shape `whole`. */
export function axisMaps(
  { box, whole, repeated }: { readonly box: Box; readonly whole: Vec3; readonly repeated?: Box | undefined },
  boundary: Boundary,
): [Int32Array, Int32Array, Int32Array] {
  return mapAxes((axis) =>
    axisMap({
      start: box.start[axis],
      count: box.shape[axis],
      length: whole[axis],
      repeated: repeated && { start: repeated.start[axis], length: repeated.shape[axis] },
    }, boundary)
  );
}

const RULES: Readonly<Record<Boundary, (index: number, length: number) => number>> = {
  "periodic": modulo,
  // The edge sample is repeated: ... 1 0 | 0 1 2 | 2 1 ...
  "symmetric": (index, length) => {
    const folded = modulo(index, 2 * length);
    return folded < length ? folded : 2 * length - 1 - folded;
  },
  "nearest": (index, length) => Math.min(Math.max(index, 0), length - 1),
  "constant": () => OUTSIDE,
  "non-circulant": () => OUTSIDE,
};

/** Splits a map by source chunk, so that each chunk is visited once however often the boundary rule repeats it. */
export function splitByChunk(map: Int32Array, chunkSide: number): AxisPiece[] {
  const counts = new Map<number, number>();
  for (const index of map) {
    if (index === OUTSIDE) continue;
    const chunk = Math.floor(index / chunkSide);
    counts.set(chunk, (counts.get(chunk) ?? 0) + 1);
  }
  return [...counts].map(([chunk, count]) => {
    const piece: AxisPiece = { chunk, to: new Int32Array(count), from: new Int32Array(count) };
    let filled = 0;
    map.forEach((index, position) => {
      if (index === OUTSIDE || Math.floor(index / chunkSide) !== chunk) return;
      piece.to[filled] = position;
      piece.from[filled++] = index - chunk * chunkSide;
    });
    return piece;
  });
}
