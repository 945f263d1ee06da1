/**
 * Layout of a box in device memory.
 *
 * Real volumes are dense float32, x contiguous. A spectrum takes the same bytes: of each row of `nx` real voxels the
 * coefficients 0 to `nx / 2` are kept, and because the first and the last of them are real along x they share one complex
 * number, `first + sqrt(-1) last`, in column 0. Rows are so `nx / 2` complex numbers, without padding, and the transforms
 * along y and z carry the two planes through together; only the multiplication by the OTF has to take them apart.
 *
 * A volume that exceeds one storage binding is cut along z into `parts` buffers of equally many planes.
 */
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import type { GpuLimits } from "../device/limits.ts";

/** Sizes of one box on one device. */
export interface BoxLayout {
  readonly box: Vec3;
  /** Complex numbers in a row of a spectrum: `nx / 2`. */
  readonly halfWidth: number;
  /** Buffers that each volume is cut into along z. */
  readonly parts: number;
  readonly planesPerPart: number;
  /** Bytes of one part of any volume, real or spectrum. */
  readonly partBytes: number;
}

/**
 * Cuts a box into as few parts as the limits allow.
 *
 * @throws {ClearstackError} `over-budget` if no equal cut along z fits
 */
export function boxLayout(box: Vec3, limits: GpuLimits): BoxLayout {
  const bytes = 4 * voxelCount(box);
  const maxPartBytes = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  // The widest kernel binds all parts of the spectrum and of the OTF, and the twiddles.
  const maxParts = Math.floor((limits.maxStorageBuffersPerShaderStage - 1) / 2);
  for (let parts = 1; parts <= Math.min(maxParts, box[0]); parts++) {
    if (box[0] % parts !== 0 || bytes / parts > maxPartBytes) continue;
    return { box, halfWidth: box[2] / 2, parts, planesPerPart: box[0] / parts, partBytes: bytes / parts };
  }
  throw new ClearstackError(
    "over-budget",
    `a volume of the box ${
      formatVec3(box)
    } takes ${bytes} bytes, which this GPU cannot hold in up to ${maxParts} equal ` +
      `buffers of at most ${maxPartBytes} bytes along z; use smaller tiles`,
    { need: bytes, limit: maxParts * maxPartBytes },
  );
}
