/** Chunks of the output: small enough for viewers to fetch a slice, large enough for object stores. */
import { mapAxes, type Vec3 } from "shared/volume/geometry.ts";

/** The chunk that viewers like, z, y, x: 4 MiB of float32, few planes so that a slice costs little. */
export const CHUNK_TARGET: Vec3 = [16, 256, 256];

/**
 * The chunk shape for tiles of this core: it divides the tile along every axis that is cut, so that a tile owns whole
 * chunks and no two tiles write the same object.
 */
export function outputChunk(shape: Vec3, tile: Vec3): Vec3 {
  return mapAxes((axis) => outputChunkSide(axis, { extent: shape[axis], divides: tile[axis] }));
}

/** Length of a chunk along an axis: a divisor of `divides`, unless that holds the whole axis. */
export function outputChunkSide(
  axis: 0 | 1 | 2,
  { extent, divides }: { readonly extent: number; readonly divides: number },
): number {
  const target = CHUNK_TARGET[axis];
  return divides >= extent ? Math.min(target, extent) : divisorNear(divides, target);
}

/**
 * The largest divisor of `n` up to `target`; where that is under half of the target, one of up to half as much again, if there is
 * one; `n` itself where all are under a quarter.
 */
function divisorNear(n: number, target: number): number {
  if (n <= target) return n;
  const divides = (d: number) => n % d === 0;
  const below = rangeOf(Math.ceil(target / 4), target).findLast(divides) ?? 0;
  const above = rangeOf(target + 1, Math.floor(1.5 * target)).find(divides);
  return (2 * below >= target ? below : above ?? below) || n;
}

/** Integers from the first to the last. */
function rangeOf(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
