/** The last look at an estimate before anything is made of it. */
import { ClearstackError } from "shared/errors.ts";
import { voxelPass } from "shared/codec/threads/codec_threads.ts";
import type { VoxelData } from "kernels/deconvolver.ts";
import { formatVec3, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { valueRange } from "shared/volume/value_range.ts";
import type { Tile } from "shared/contract/tile.ts";

/** Largest float32. */
const FLOAT32_MAX = 3.4028234663852886e38;

/**
 * Makes sure that the core of an estimate holds numbers. Kernels refuse voxels that are none, but transforms sum over a box: finite
 * voxels whose sum is beyond float32 become infinite in them, and then everything does.
 *
 * @param estimate of the core of the tile, x contiguous
 * @param values of the box of the image that it was computed from
 * @throws {ClearstackError} `corrupt-data` where the voxels are too large to be summed, else `failed-check`
 */
export async function assertFiniteCore(
  estimate: Float32Array,
  values: VoxelData,
  { box, core }: Pick<Tile, "box" | "core">,
): Promise<void> {
  const found = await voxelPass("findNotFinite", estimate, { box: core, core });
  if (found !== undefined) throw notFinite(estimate[found]!, positionAt(found, core.shape), values, box.shape);
}

function notFinite(value: number, voxel: Vec3, values: VoxelData, shape: Vec3): ClearstackError {
  const largest = valueRange(values).largest ?? 0;
  const what = `the estimate is ${value} at voxel ${formatVec3(voxel)} (z,y,x in the core)`;
  if (largest * voxelCount(shape) <= FLOAT32_MAX) {
    const mend = "try another backend (--backend), and run clearstack doctor, which checks the kernels";
    return new ClearstackError("failed-check", `${what}, though all voxels of the image are in range: ${mend}`, {
      value: String(value),
    });
  }
  return new ClearstackError(
    "corrupt-data",
    `${what}, since the image holds voxels of up to ${largest}, whose sum over a box of ${
      formatVec3(shape)
    } voxels may ` +
      `be beyond the 3.4e+38 that float32 holds; give the image in another unit, or replace marks of missing voxels`,
    { value: String(largest) },
  );
}
