/** From the box that was computed to what is stored of it. */
import type { TileTask } from "shared/contract/tile.ts";
import { quantise, type StoredVoxels } from "shared/image/write/quantise.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import type { Box } from "shared/volume/geometry.ts";
import { cropCore } from "./crop_core.ts";

/** The estimate of a box, x contiguous. */
export interface ComputedBox {
  readonly values: Float32Array;
  readonly box: Box;
}

/** What is stored of the core of a tile: floats as they lie in their box, integers in memory of their own. */
export function storedForm(
  { values, box }: ComputedBox,
  { tile, output }: TileTask,
): StoredVoxels & Pick<ComputedBox, "box"> {
  if (output.dtype === "float32") return { values, box };
  const core = cropCore(values, { ...tile, box });
  const stored = quantise(core, output);
  releaseMemory(core);
  return { ...stored, box: tile.core };
}
