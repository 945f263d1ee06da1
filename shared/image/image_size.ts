/** Sizes beyond which numbers are no longer exact, or lists no longer fit: no image has them, and metadata may state them. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";

/** A million chunks of 16 voxels; 50,000 tiles side by side. */
const MAX_SIDE = 2 ** 24;

/** @throws {ClearstackError} `unsupported` for an axis that is too long, or more bytes than can be counted */
export function assertCountable({ shape, chunkShape, axes, dtype }: ImageInfo): void {
  for (const [axis, side] of shape.entries()) {
    if (side <= MAX_SIDE) continue;
    throw new ClearstackError(
      "unsupported",
      `the image says that its ${axes[axis]!.name} axis has ${side} voxels; at most ${MAX_SIDE} are taken`,
      { need: side, limit: MAX_SIDE },
    );
  }
  for (const [what, sides] of [["image", shape], ["chunk", chunkShape]] as const) {
    const bytes = sides.reduce((product, side) => product * side, dtypeBytes(dtype));
    if (bytes <= Number.MAX_SAFE_INTEGER) continue;
    throw new ClearstackError("unsupported", `the ${what} of ${sides} voxels has more bytes than can be counted`, {
      need: bytes,
      limit: Number.MAX_SAFE_INTEGER,
    });
  }
}
