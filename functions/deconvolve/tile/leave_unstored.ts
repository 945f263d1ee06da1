/** A tile of whose box no voxel is stored: what stands there is known, and nothing is read, counted or computed. */
import type { TileReport, TileTask } from "shared/contract/tile.ts";
import { quantise } from "shared/image/write/quantise.ts";
import { writeConstant } from "shared/image/write/write_constant.ts";
import type { Written } from "shared/image/write/write_objects.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { emptyReason, leaveEmpty } from "./empty_box.ts";

/** One voxel, all of it known. */
const VOXEL = { shape: [1, 1, 1], observed: { start: [0, 0, 0], shape: [1, 1, 1] } } as const;

/** True if a box whose voxels all have this value is left as it is. */
export function isLeft(value: number, { algorithm }: TileTask): boolean {
  return emptyReason(Float32Array.of(value), VOXEL, algorithm) !== undefined;
}

/** What stands for such a value in the estimate. */
export function leftValue(value: number, { algorithm }: TileTask): number {
  const left = new Float32Array(1);
  leaveEmpty(Float32Array.of(value), left, algorithm);
  return left[0]!;
}

/** What a report says of the values of such a tile: what counting all voxels of its core would. */
export function constantCounts(value: number, { tile, algorithm: { offset = 0 } }: TileTask): TileReport["values"] {
  const voxels = voxelCount(tile.core.shape);
  return {
    voxels,
    negative: value < offset ? voxels : 0,
    largest: value - offset,
    atLargest: voxels,
    nearLargest: 0,
  };
}

/**
 * Writes the core of such a tile, the same voxels as if it had been read and left as it is.
 *
 * @param value of all voxels of the box, the offset of the task added
 */
export async function leaveUnstored(
  value: number,
  task: TileTask,
  access: StoreAccess,
): Promise<Written & Pick<TileReport, "clipping">> {
  const { tile: { outer, core }, output } = task;
  const { values: [stored], clipping } = quantise(Float32Array.of(leftValue(value, task)), output);
  const written = await writeConstant(output, { outer, core, value: stored! }, access);
  if (clipping === undefined) return written;
  const voxels = voxelCount(core.shape);
  return {
    ...written,
    clipping: { ...clipping, below: voxels * clipping.below, above: voxels * clipping.above },
  };
}
