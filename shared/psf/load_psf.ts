import type { Location, PsfInfo } from "../contract.ts";
import { ClearstackError } from "../errors.ts";
import type { Vec3 } from "../geometry.ts";
import type { RequestOptions } from "../storage/store.ts";

/** A point spread function, ready for the kernels. */
export interface Psf {
  readonly info: PsfInfo;
  /** Values >= 0 of sum 1, x contiguous. */
  readonly volume: { readonly shape: Vec3; readonly values: Float32Array };
  /** What was changed on entry, one line each. */
  readonly warnings: readonly string[];
}

/** Loads a 2-D or 3-D PSF from a Zarr array or a TIFF and normalises it to sum 1. */
export function loadPsf(_location: Location, _options: RequestOptions = {}): Promise<Psf> {
  throw new ClearstackError("internal", "not available yet");
}
