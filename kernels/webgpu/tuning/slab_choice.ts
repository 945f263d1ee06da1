/**
 * Slabs that may be fastest: whether what three passes hand over stays in the cache depends on its size, its ways and on what a
 * dispatch costs, none of which WebGPU tells, so it is measured, see tuning_choice.ts.
 */
import type { Vec3 } from "shared/volume/geometry.ts";

/** Bytes of a slab of the spectrum that are tried: the caches of current GPUs hold 4 to 100 MiB. */
const CANDIDATE_BYTES = [48, 24, 12, 6].map((mebibytes) => mebibytes * 2 ** 20);

/** Planes of the slabs that are worth trying; without those of a box that is hardly larger. */
export function slabCandidates([nz, ny, nx]: Vec3): number[] {
  const planes = CANDIDATE_BYTES.map((bytes) => Math.floor(bytes / (4 * ny * nx)));
  return [...new Set(planes)].filter((count) => count >= 1 && 2 * count <= nz);
}
