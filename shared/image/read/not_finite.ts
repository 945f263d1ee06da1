/** Names the voxels of an image that nothing can be computed with: NaN, infinities, and what float32 cannot hold. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { channelLabel } from "shared/volume/channels.ts";
import type { Box, Vec3 } from "shared/volume/geometry.ts";
import { formatVec3, mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { alongSpatialAxes, placeInVolume } from "shared/volume/spatial.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import type { Image } from "../image.ts";
import { readVoxels } from "./read_voxels.ts";
import { storedOuter } from "./select_volumes.ts";

/** Voxels of a volume that are looked through to count all; of a larger one, a box is. */
const MAX_VOXELS = 2 ** 27;

/** Where to look. */
interface NotFiniteOptions extends RequestOptions {
  /** Volume: index along each axis before z, y, x of what the image shows. */
  readonly outer: readonly number[];
  /** Part of the volume that is known to hold one; may reach outside. @default {all of it} */
  readonly box?: Box;
}

/**
 * An error that names the first such voxel of the image, and says how many there are; undefined if none is found.
 *
 * @throws {ClearstackError} what reading throws
 */
export async function notFiniteError(image: Image, options: NotFiniteOptions): Promise<ClearstackError | undefined> {
  if (!image.info.dtype.startsWith("float")) return undefined;
  // A part of a volume is read with what stands around it.
  const { start, whole: shape } = placeInVolume(image.info);
  const all: Box = { start: [0, 0, 0], shape };
  const isWhole = voxelCount(shape) <= MAX_VOXELS || options.box === undefined;
  const found = await findNotFinite(
    image,
    isWhole
      ? all
      : clipped({ ...options.box!, start: mapAxes((axis) => start[axis] + options.box!.start[axis]) }, shape),
    options,
  );
  if (found === undefined) return undefined;
  const { voxel, value, count } = found;
  const what = Number.isFinite(value) ? `${value}, beyond the 3.4e+38 that float32 holds` : `${value}`;
  const several = `, the first of ${isWhole ? "" : "at least "}${count} such values`;
  const others = count > 1 ? several : isWhole ? ", the only such value" : "";
  return new ClearstackError(
    "corrupt-data",
    `voxel ${formatVec3(voxel)} (z,y,x) of the image${volumeName(image.info, options.outer)} is ${what}${others}; ` +
      "replace NaN, infinite and too large values before deconvolving",
    { need: count, value: String(value) },
  );
}

/** Looks through a box chunk by chunk. */
async function findNotFinite(image: Image, box: Box, { outer, signal }: NotFiniteOptions) {
  const sides = alongSpatialAxes(image.info, image.info.chunkShape);
  const first = mapAxes((axis) => Math.floor(box.start[axis] / sides[axis]));
  const counts = mapAxes((axis) => Math.ceil((box.start[axis] + box.shape[axis]) / sides[axis]) - first[axis]);
  const stored = storedOuter(image.info, outer);
  let found: { voxel: Vec3; value: number; count: number } | undefined;
  for (let chunk = 0; chunk < voxelCount(counts); chunk++) {
    const at = positionAt(chunk, counts);
    const part = clipped({ start: mapAxes((axis) => (first[axis] + at[axis]!) * sides[axis]), shape: sides }, box);
    const { values } = await readVoxels(image, { outer: stored, box: part, concurrency: 1, signal });
    for (let index = 0; index < values.length; index++) {
      const value = Number(values[index]);
      if (Number.isFinite(Math.fround(value))) continue;
      const inside = positionAt(index, part.shape);
      const voxel = mapAxes((axis) => part.start[axis] + inside[axis]!);
      const count = (found?.count ?? 0) + 1;
      found = found === undefined || isBefore(voxel, found.voxel) ? { voxel, value, count } : { ...found, count };
    }
  }
  return found;
}

function isBefore(one: Vec3, other: Vec3): boolean {
  const axis = one.findIndex((at, axis) => at !== other[axis]);
  return axis >= 0 && one[axis]! < other[axis]!;
}

/** The part of a box in another, or in a volume of this shape. */
function clipped({ start, shape }: Box, within: Box | Vec3): Box {
  const outer: Box = "start" in within ? within : { start: [0, 0, 0], shape: within };
  const first = mapAxes((axis) => Math.max(start[axis], outer.start[axis]));
  const end = mapAxes((axis) => Math.min(start[axis] + shape[axis], outer.start[axis] + outer.shape[axis]));
  return { start: first, shape: mapAxes((axis) => end[axis] - first[axis]) };
}

/** ` of channel 1 (GFP), time 3`, as stored; empty for an image of one volume. */
function volumeName(info: ImageInfo, outer: readonly number[]): string {
  const stored = storedOuter(info, outer);
  const parts = outer.map((index, axis) =>
    info.axes[axis]!.name === "c" ? `channel ${channelLabel(info, index)}` : `time ${stored[axis]}`
  );
  return parts.length === 0 ? "" : ` of ${parts.join(", ")}`;
}
