import type { ImageInfo, Location } from "../contract.ts";
import { ClearstackError } from "../errors.ts";
import type { RequestOptions } from "../storage/store.ts";
import type { Image } from "./image.ts";

/**
 * Opens a Zarr array, an array of a group, level 0 of an OME-Zarr, or a TIFF stack; reads metadata only.
 *
 * @throws {ClearstackError} `not-found`, `invalid-request` (which array? which axes?), `unsupported`, `corrupt-data`
 */
export function openImage(_location: Location, _options: RequestOptions = {}): Promise<Image> {
  throw new ClearstackError("internal", "not available yet");
}

/**
 * Opens again what {@link openImage} described, with no guessing.
 *
 * @throws {ClearstackError} `corrupt-data` if the source changed since
 */
export function reopenImage(_info: ImageInfo, _options: RequestOptions = {}): Promise<Image> {
  throw new ClearstackError("internal", "not available yet");
}
