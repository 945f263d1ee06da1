/** Chunks of the output: small enough for viewers to fetch a slice, large enough for object stores. */
import type { Vec3 } from "./geometry.ts";
import { mapAxes } from "./geometry.ts";

/** The chunk that viewers like, z, y, x: 4 MiB of float32, few planes so that a slice costs little. */
export const CHUNK_TARGET: Vec3 = [16, 256, 256];

/**
 * The chunk shape for tiles of this core: it divides the tile along every axis that is cut, so that a tile owns whole
 * chunks and no two tiles write the same object.
 */
export function outputChunk(shape: Vec3, tile: Vec3): Vec3 {
  return mapAxes((axis) => {
    const target = CHUNK_TARGET[axis];
    if (tile[axis] >= shape[axis]) return Math.min(target, shape[axis]);
    return divisorNear(tile[axis], target);
  });
}

/** The largest divisor of `n` up to `target`; `n` itself where that would be under a quarter of the target. */
function divisorNear(n: number, target: number): number {
  if (n <= target) return n;
  for (let d = target; d * 4 >= target; d--) if (n % d === 0) return d;
  return n;
}
