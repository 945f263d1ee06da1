/** Reads one volume as it is stored, for tools that look before anything is mended. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { openImage } from "shared/image/open_image.ts";
import { readBox } from "shared/image/read/read_box.ts";
import type { OpenOptions } from "shared/image/tiff/tiff_image.ts";
import { redactUrl } from "shared/storage/url.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import { chosenVolume, type VolumeChoice } from "./choose_volume.ts";
import { voxelMicrometre } from "./spacing.ts";

/** A volume in memory. */
export interface StoredVolume {
  readonly info: ImageInfo;
  readonly shape: Vec3;
  /** x contiguous; finite. */
  readonly values: Float32Array;
  readonly voxelMicrometre: Vec3 | undefined;
}

/** Held whole in memory: 1 GiB of float32. */
const MAX_VOXELS = 2 ** 28;

/**
 * Reads a 2-D or 3-D volume; a 2-D one gets one plane.
 *
 * @throws {ClearstackError} `invalid-request` where a time or channel must be chosen, `corrupt-data` for NaN and infinite
 *   values, `unsupported` above 2^28 voxels; whatever `openImage` throws
 */
export async function readVolume(
  location: Location,
  { time, channel, ...options }: VolumeChoice & OpenOptions,
): Promise<StoredVolume> {
  const image = await openImage(location, options);
  const { info } = image;
  const where = redactUrl(info.url);
  const outer = chosenVolume(info, { time, channel }, { where });
  const shape = spatialShape(info);
  if (voxelCount(shape) > MAX_VOXELS) {
    throw new ClearstackError(
      "unsupported",
      `${where} has ${voxelCount(shape)} voxels, more than ${MAX_VOXELS}: crop it`,
    );
  }
  const box = { start: [0, 0, 0] as const, shape };
  const { values } = await readBox(image, { outer, box, boundary: "constant", signal: options.signal });
  refuseNotFinite(values, shape, where);
  return { info, shape, values, voxelMicrometre: voxelMicrometre(info) };
}

/** @throws {ClearstackError} `corrupt-data` naming the first voxel, and how many there are */
export function refuseNotFinite(values: Float32Array, shape: Vec3, where: string): void {
  const first = values.findIndex((value) => !Number.isFinite(value));
  if (first < 0) return;
  const count = values.reduce((sum, value) => Number.isFinite(value) ? sum : sum + 1, 0);
  throw new ClearstackError(
    "corrupt-data",
    `${where} holds NaN or infinite values, or beyond the 3.4e+38 of float32: ${count} of them, the first (${
      values[first]
    }) at ` +
      `voxel ${formatVec3(positionAt(first, shape))} (z,y,x); mend them first`,
    { need: count },
  );
}
