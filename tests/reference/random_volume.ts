/** Seeded random volumes for tests. */
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";

/** Uniform values in [0, 1), the same for the same shape and seed everywhere (mulberry32, Ettinger 2017). */
export function randomVolume(shape: Vec3, seed: number): Float64Array {
  let state = Math.imul(seed, 0x9e3779b1);
  return Float64Array.from({ length: voxelCount(shape) }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  });
}
