/** All images of a source that has several: a plate, a conversion of several series, an OME-TIFF of several images. */
import type { Location } from "shared/contract/location.ts";
import { isClearstackError } from "shared/errors.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { canonicalUrl, redactUrl } from "shared/storage/url.ts";
import { openImage } from "./open_image.ts";
import { countImages } from "./tiff/describe/describe_pages.ts";
import { openFirstFile } from "./tiff/tiff_image.ts";
import { imagesBelow } from "./zarr/choose_array.ts";
import { readZarrNode } from "./zarr/zarr_node.ts";

/**
 * Paths of the images, as a location names them; one empty path for a source that is an image by itself.
 *
 * @throws {ClearstackError} `not-found`, `unsupported` for too many, `corrupt-data`
 */
export async function listSeries({ url, path = "" }: Location, access: StoreAccess): Promise<string[]> {
  const store = openReadable(canonicalUrl(url), { environment: access.environment });
  const isTiff = /\.tiff?$/i.test(redactUrl(url));
  const node = isTiff ? undefined : await readZarrNode(store, path, access);
  if (node !== undefined) return await imagesBelow(store, { node, path }, access);
  const { file, url: first } = await openFirstFile(url, access).catch(async (error) => {
    // Nothing says that what is missing was to be a TIFF: it is told as wherever an image is opened.
    if (!isTiff && isClearstackError(error, "not-found")) await openImage({ url, path }, access);
    throw error;
  });
  const count = await file.withPage(0, (page) => countImages(file, page, { ...access, url: first }), access);
  return count === undefined ? [""] : Array.from({ length: count }, (_, number) => `${number}`);
}
