/** Sizes of PSFs, judged by metadata alone: what is stated costs nothing, and reading it costs memory and time. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { PsfFit } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { READ_CONCURRENCY } from "shared/plan/host_memory.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { formatVec3, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { type PsfUse, usedSide } from "./choose_fit.ts";

/** A PSF of so many voxels goes with any image: 64 MiB of float32. */
const ALWAYS_VOXELS = 2 ** 24;

/** Unless it is longer than any microscope's light reaches: each row of a volume costs time of its own. */
const MAX_ALWAYS_SIDE = 2 ** 12;

/** A PSF may be larger than what an image uses of it, but not by more. */
const MAX_EXCESS = 4;

/** A chunk is decoded and copied in one piece, and nothing else happens meanwhile. */
const MAX_CHUNK_BYTES = 2 ** 29;

/** Float32 as read and as hashed; to be fitted, three times in double precision. */
const VOXEL_BYTES = { asStored: 8, fitted: 32 };

/** A PSF that is about to be read. */
interface PsfToRead {
  /** Name for messages. */
  readonly where: string;
  readonly info: ImageInfo;
  /** Shape of one PSF. */
  readonly shape: Vec3;
  readonly fit: PsfFit | undefined;
}

/**
 * Refuses a PSF that is far larger than what the image can use of it, or than what memory there is.
 *
 * @param hostBytes memory to stay within
 * @throws {ClearstackError} `unsupported` or `over-budget`, with what there is and what may be
 */
export function assertPsfSize(
  { where, info, shape, fit }: PsfToRead,
  use: Pick<PsfUse, "shape" | "boundary">,
  hostBytes: number,
): void {
  const voxels = voxelCount(shape);
  const used = mapAxes((axis) =>
    axis === 0 && fit?.plane !== undefined
      ? shape[axis]
      : Math.min(shape[axis], Math.ceil(usedSide(use, axis) * (fit?.resample?.[axis] ?? 1)))
  );
  const always = Math.max(...shape) <= MAX_ALWAYS_SIDE ? ALWAYS_VOXELS : 0;
  const most = Math.max(always, MAX_EXCESS * voxelCount(used));
  if (voxels > most) {
    throw new ClearstackError(
      "unsupported",
      `${where} is ${formatVec3(shape)} voxels large, of which the image can use ${
        formatVec3(used)
      }: crop it with psf crop`,
      { need: voxels, limit: most },
    );
  }
  const chunkBytes = info.chunkShape.reduce((product, side) => product * side, dtypeBytes(info.dtype));
  if (chunkBytes > MAX_CHUNK_BYTES) {
    throw new ClearstackError(
      "unsupported",
      `${where} is stored in chunks of ${chunkBytes} bytes, and a chunk is read whole: store it in chunks of at most ` +
        `${MAX_CHUNK_BYTES} bytes`,
      { need: chunkBytes, limit: MAX_CHUNK_BYTES },
    );
  }
  const chunks = info.shape.reduce((product, side, axis) => product * Math.ceil(side / info.chunkShape[axis]!), 1);
  const bytes = voxels * (fit === undefined ? VOXEL_BYTES.asStored : VOXEL_BYTES.fitted) +
    Math.min(chunks, READ_CONCURRENCY) * chunkBytes;
  if (bytes <= hostBytes) return;
  throw new ClearstackError(
    "over-budget",
    `${where} takes about ${bytes} bytes of memory to be read, more than the ${hostBytes} that there are: crop it with psf crop`,
    { need: bytes, limit: hostBytes },
  );
}
