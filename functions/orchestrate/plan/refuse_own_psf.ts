/** Keeps an image from being given as its own PSF: the same file named twice, as a repeated argument does. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import type { OpenPsf } from "shared/psf/load_psf.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";

/**
 * Refuses PSFs that are the image itself. Places are compared, not spellings: links are followed. Another channel or time point of
 * the image may be its PSF, where the request names it.
 *
 * @throws {ClearstackError} `invalid-request`
 */
export async function refuseOwnPsf(
  image: ImageInfo,
  psfs: readonly OpenPsf[],
  environment: StoreEnvironment,
): Promise<void> {
  const placeOf = ({ url, path }: ImageInfo) => openReadable(url, { environment }).place(path);
  for (const { location, info, where } of psfs) {
    if ("optics" in location || location.channel !== undefined || location.time !== undefined) continue;
    if (await placeOf(info) !== await placeOf(image)) continue;
    throw new ClearstackError(
      "invalid-request",
      `${where} is the image itself: name the file of a PSF, or state the optics (--na, --index, --emission) to have ` +
        "one computed; to try a PSF on itself, give a copy of it",
      { path: "psf.url", value: location.url },
    );
  }
}
