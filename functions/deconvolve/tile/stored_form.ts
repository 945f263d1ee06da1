/** From what was computed to what is stored of it. */
import type { TileTask } from "shared/contract/tile.ts";
import { voxelPass } from "shared/codec/threads/codec_threads.ts";
import { integerForm, type StoredVoxels } from "shared/image/write/quantise.ts";
import type { VoxelMemory } from "shared/process/voxel_memory.ts";
import { type Box, voxelCount } from "shared/volume/geometry.ts";

/** The estimate of a box, x contiguous. */
export interface ComputedBox {
  readonly values: Float32Array;
  readonly box: Box;
}

/** What is stored of the core of a tile: floats as they are, integers in memory that the caller gives back. */
export async function storedForm(
  { values, box }: ComputedBox,
  { tile: { core }, output }: TileTask,
  memory: VoxelMemory,
): Promise<StoredVoxels & Pick<ComputedBox, "box">> {
  const form = integerForm(output);
  if (form === undefined) return { values, box };
  const stored = memory.take(form.dtype, voxelCount(core.shape));
  return {
    values: stored,
    box: core,
    clipping: await voxelPass("quantiseCore", stored, { values, box, core, ...form }),
  };
}
