/** What was computed as a file: an OME-TIFF with the names, the voxel size and the place of the image, and how it was made. */
import type { SavedPreview } from "functions/view/page/preview/messages.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { selectVolumes } from "shared/image/read/select_volumes.ts";
import { tiffForm, tiffLayout } from "shared/image/tiff/write_tiff.ts";

/**
 * @param stored the image that it was computed from
 * @throws {ClearstackError} `unsupported` for more pages than a TIFF that others open has
 */
export function saveTiff(stored: ImageInfo, { name, channels, time, region, volumes, record }: SavedPreview): Blob {
  const has = (axis: string) => stored.axes.some(({ name }) => name === axis);
  const range = (axis: 0 | 1 | 2) => [region.start[axis], region.start[axis] + region.shape[axis]] as const;
  const selected = selectVolumes(stored, {
    ...(has("c") ? { channels: [...channels] } : {}),
    ...(has("t") ? { times: { start: time, stop: time + 1, step: 1 } } : {}),
    box: { z: range(0), y: range(1), x: range(2) },
  });
  const info = { ...selected, dtype: "float32" as const };
  const image = { info, channels: info.channels ?? [], name, record };
  const { head, directories } = tiffLayout(image, tiffForm(info, name));
  return new Blob([head, ...volumes, ...directories()] as BlobPart[], { type: "image/tiff" });
}
