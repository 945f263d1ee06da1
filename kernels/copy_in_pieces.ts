/** Copies of voxels that leave turns of the event loop to other work. */
import type { VoxelData } from "./deconvolver.ts";

/** Voxels copied between two turns of the event loop: about 5 ms of copying. */
const COPY_VOXELS = 2 ** 22;

/** Copies `source` into `target`, a piece a turn; uint16 is widened to float32 where the target is. */
export async function copyInPieces(source: VoxelData, target: VoxelData): Promise<void> {
  for (let start = 0; start < source.length; start += COPY_VOXELS) {
    target.set(source.subarray(start, start + COPY_VOXELS), start);
    await new Promise((resolve) => setTimeout(resolve));
  }
}
