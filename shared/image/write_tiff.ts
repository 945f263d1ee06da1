import { ClearstackError } from "../errors.ts";
import type { Vec3 } from "../geometry.ts";

/** What goes into a TIFF stack. */
export interface TiffStack {
  readonly shape: Vec3;
  /** x contiguous. */
  readonly values: Float32Array;
  /** Voxel spacing in z, y, x, micrometre. */
  readonly spacingMicrometre?: Vec3;
}

/** Encodes a stack as an uncompressed float32 TIFF, one page per z, that ImageJ and tifffile read. */
export function encodeTiff(_stack: TiffStack): Uint8Array {
  throw new ClearstackError("internal", "not available yet");
}
