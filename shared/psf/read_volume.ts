/** Reads one volume as it is stored, for tools that look before anything is mended. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { openImage } from "shared/image/open_image.ts";
import { readBox } from "shared/image/read/read_box.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { redactUrl } from "shared/storage/url.ts";
import { voxelMicrometre } from "./spacing.ts";

/** Without `time` and `channel`, even undefined, there are no flags to choose one with. */
interface VolumeChoice extends StoreAccess {
  readonly time?: number | undefined;
  readonly channel?: number | undefined;
}

/** A volume in memory. */
interface StoredVolume {
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
export async function readVolume(location: Location, choice: VolumeChoice): Promise<StoredVolume> {
  const image = await openImage(location, choice);
  const { axes, shape: sides, url } = image.info;
  const where = redactUrl(url);
  const outer = axes.flatMap((axis, i) => axis.type === "space" ? [] : [chosen(axis.name, sides[i]!, choice, where)]);
  const spatial = sides.slice(outer.length);
  const shape = (spatial.length === 3 ? spatial : [1, ...spatial]) as unknown as Vec3;
  if (voxelCount(shape) > MAX_VOXELS) {
    throw new ClearstackError(
      "unsupported",
      `${where} has ${voxelCount(shape)} voxels, more than ${MAX_VOXELS}: crop it`,
    );
  }
  const box = { start: [0, 0, 0] as const, shape };
  const { values } = await readBox(image, { outer, box, boundary: "constant", signal: choice.signal });
  refuseNotFinite(values, shape, where);
  return { info: image.info, shape, values, voxelMicrometre: voxelMicrometre(image.info) };
}

function chosen(
  axis: string,
  length: number,
  choice: Pick<VolumeChoice, "time" | "channel">,
  where: string,
): number {
  const name = axis === "t" ? "time" : "channel";
  const index = choice[name];
  if (index === undefined && length > 1) {
    throw new ClearstackError(
      "invalid-request",
      `${where} has ${length} ${name}s: ` +
        (name in choice ? `choose one with --${name} 0 to ${length - 1}` : `give a file of one ${name}`),
    );
  }
  if (index !== undefined && index >= length) {
    throw new ClearstackError("invalid-request", `${where} has no ${name} ${index}: the last one is ${length - 1}`);
  }
  return index ?? 0;
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
