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

/** The largest divisor of `n` up to `target`; `n` itself where that would be under a quarter of the target. */
function divisorNear(n: number, target: number): number {
  if (n <= target) return n;
  for (let d = target; d * 4 >= target; d--) if (n % d === 0) return d;
  return n;
}
